"""What mails say, in Portuguese, or in English for whoever chose another language. Sending them is not done here."""

from core.mail import Mail
from models import User, Workspace


def password_reset(user: User, public_url: str, token: str) -> Mail:
    """The mail with a link to set a new password."""
    link = f"{public_url}/reset-password#token={token}"
    if _is_portuguese(user.language):
        return Mail(
            to=user.email,
            subject="Redefinir sua senha",
            text=(
                f"Olá, {user.name}!\n\nPara escolher uma nova senha, abra este endereço nos próximos 30 minutos:\n\n"
                f"{link}\n\nEle funciona uma única vez. Se não foi você quem pediu, ignore este e-mail: "
                "sua senha continua a mesma.\n"
            ),
        )
    return Mail(
        to=user.email,
        subject="Reset your password",
        text=(
            f"Hello {user.name},\n\nTo choose a new password, open this address within 30 minutes:\n\n{link}\n\n"
            "It works once. If you did not ask for it, ignore this mail: your password stays as it is.\n"
        ),
    )


def email_verify(user: User, public_url: str, token: str) -> Mail:
    """The mail with a link that proves an e-mail address."""
    link = f"{public_url}/verify-email#token={token}"
    if _is_portuguese(user.language):
        return Mail(
            to=user.email,
            subject="Confirme seu e-mail",
            text=f"Olá, {user.name}!\n\nPara confirmar este endereço de e-mail, abra em até 48 horas:\n\n{link}\n",
        )
    return Mail(
        to=user.email,
        subject="Confirm your e-mail address",
        text=f"Hello {user.name},\n\nTo confirm this e-mail address, open within 48 hours:\n\n{link}\n",
    )


def invitation(email: str, workspace: Workspace, language: str, public_url: str, token: str) -> Mail:
    """The mail with an invitation to a workspace."""
    link = f"{public_url}/invite#token={token}"
    if _is_portuguese(language):
        return Mail(
            to=email,
            subject=f"Convite para {workspace.name}",
            text=(
                f"Você foi convidado para o espaço de trabalho {workspace.name}.\n\nPara aceitar, abra em até 7 dias e "
                f"entre com este endereço de e-mail:\n\n{link}\n"
            ),
        )
    return Mail(
        to=email,
        subject=f"Invitation to {workspace.name}",
        text=(
            f"You are invited to the workspace {workspace.name}.\n\nTo accept, open this within 7 days and sign in "
            f"with this e-mail address:\n\n{link}\n"
        ),
    )


def _is_portuguese(language: str) -> bool:
    return language.partition("-")[0] == "pt"
