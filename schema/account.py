"""One's own account: what one types to prove who one is, and what one gets for it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

import strawberry

import models
from graph import Entity, Parent, resolved
from schema.enums import Permission, Role
from schema.errors import MutationPayload
from schema.idempotency import OnceInput
from schema.user import User
from schema.workspace import Workspace


async def _is_current(session: Parent[models.Session], info: strawberry.Info) -> bool:
    return info.context.identity.session_id == session.id


class Session(Entity[models.Session], prefix="session"):
    """One sign-in on one device."""

    ip: str | None
    """The address that it was last used from."""

    user_agent: str | None
    """What the device says of itself."""

    created_at: datetime
    """When it began."""

    last_used_at: datetime
    """When its tokens were last refreshed."""

    expires_at: datetime
    """When it ends, unless its tokens are refreshed before."""

    is_current: bool = resolved(_is_current)
    """Whether it is the one that asks."""


@strawberry.type(description="The person who asks, as only they see themselves.")
class Me:
    user: User = strawberry.field(description="What colleagues see.")
    phone: str | None = strawberry.field(description="Their own phone number.")
    email_verified_at: datetime | None = strawberry.field(description="When the e-mail address was proven.")
    second_factor_enabled_at: datetime | None = strawberry.field(description="Since when a second factor is asked.")
    last_login_at: datetime | None = strawberry.field(description="When they last typed their password.")
    workspace: Workspace | None = strawberry.field(description="The workspace of this sign-in.")
    role: Role | None = strawberry.field(description="What they are in it.")
    permissions: list[Permission] = strawberry.field(description="What they may do in it.")

    @classmethod
    def of(
        cls,
        user: models.User,
        workspace: models.Workspace | None,
        role: models.Role | None,
        permissions: Iterable[models.Permission],
    ) -> Self:
        """Show a person to themselves."""
        return cls(
            user=User.of(user),
            phone=user.phone,
            email_verified_at=user.email_verified_at,
            second_factor_enabled_at=user.totp_enabled_at,
            last_login_at=user.last_login_at,
            workspace=None if workspace is None else Workspace.of(workspace),
            role=role,
            permissions=sorted(permissions),
        )


@strawberry.interface(description="What a sign-in answers.")
class SignInPayload(MutationPayload):
    access_token: str | None = strawberry.field(
        default=None, description="Send it as `Authorization: Bearer <accessToken>`. It lives for ten minutes."
    )
    refresh_token: str | None = strawberry.field(
        default=None, description="Exchange it with `tokenRefresh`, once. Keep it secret."
    )
    expires_at: datetime | None = strawberry.field(default=None, description="When the access token ends.")
    user: User | None = strawberry.field(default=None, description="Who signed in.")
    workspace_id: strawberry.ID | None = strawberry.field(
        default=None, description="The workspace that the access token is for; null when they are in none."
    )


@strawberry.type(description="The answer to `register`.")
class RegisterPayload(SignInPayload):
    pass


@strawberry.type(description="The answer to `login`.")
class LoginPayload(SignInPayload):
    pass


@strawberry.type(description="The answer to `tokenRefresh`.")
class TokenRefreshPayload(SignInPayload):
    pass


@strawberry.type(description="The answer to `workspaceSwitch`.")
class WorkspaceSwitchPayload(SignInPayload):
    pass


@strawberry.type(description="The answer to a mutation that has nothing to tell but that it was done.")
class DonePayload(MutationPayload):
    done: bool = strawberry.field(default=False, description="Whether it was done.")


@strawberry.type(description="The answer to `logoutEverywhere`.")
class LogoutEverywherePayload(MutationPayload):
    sessions: int = strawberry.field(default=0, description="How many sessions were ended.")


@strawberry.type(description="The answer to `profileUpdate`.")
class ProfileUpdatePayload(MutationPayload):
    user: User | None = strawberry.field(default=None, description="The person, as changed.")


@strawberry.type(description="The answer to `sessionRevoke`.")
class SessionRevokePayload(MutationPayload):
    session: Session | None = strawberry.field(default=None, description="The session that was ended.")


@strawberry.type(description="The answer to `totpEnroll`.")
class TotpEnrollPayload(MutationPayload):
    uri: str | None = strawberry.field(default=None, description="Show it as a QR code to an authenticator app.")
    secret: str | None = strawberry.field(default=None, description="The same secret, to be typed by hand (base32).")


@strawberry.type(description="The answer to mutations that hand out recovery codes.")
class RecoveryCodesPayload(MutationPayload):
    recovery_codes: list[str] = strawberry.field(
        default_factory=list,
        description="Ten codes, each good once in the place of the app's. Shown this once.",
    )


@strawberry.input(description="Who registers.")
class RegisterInput(OnceInput):
    email: str = strawberry.field(description="The address to sign in with.")
    password: str = strawberry.field(description="10 to 256 characters, not easy to guess.")
    name: str = strawberry.field(description="How the person is called. Up to 100 characters.")
    workspace_name: str | None = strawberry.field(
        default=None, description="Name of a first workspace to own. Leave it out to join others by invitation."
    )
    language: str | None = strawberry.field(default=None, description="BCP 47 tag; pt-BR when left out.")
    timezone: str | None = strawberry.field(default=None, description="IANA name; America/Sao_Paulo when left out.")


@strawberry.input(description="Who signs in.")
class LoginInput:
    email: str = strawberry.field(description="The address they registered with.")
    password: str = strawberry.field(description="Their password.")
    code: str | None = strawberry.field(
        default=None, description="The second factor's code, or a recovery code, where the account asks for one."
    )


@strawberry.input(description="What to refresh.")
class TokenRefreshInput:
    refresh_token: str = strawberry.field(description="The newest refresh token of the session.")


@strawberry.input(description="Whose password to reset.")
class PasswordResetRequestInput(OnceInput):
    email: str = strawberry.field(description="The account's address. The answer is the same whether there is one.")


@strawberry.input(description="The new password of whoever got the link.")
class PasswordResetInput:
    token: str = strawberry.field(description="The token of the mailed link. It works once, for 30 minutes.")
    password: str = strawberry.field(description="10 to 256 characters, not easy to guess.")


@strawberry.input(description="A change of one's own password.")
class PasswordChangeInput:
    current_password: str = strawberry.field(description="The password so far.")
    password: str = strawberry.field(description="10 to 256 characters, not easy to guess.")


@strawberry.input(description="Proof of an e-mail address.")
class EmailVerifyInput:
    token: str = strawberry.field(description="The token of the mailed link. It works once, for 48 hours.")


@strawberry.input(description="One's own profile. What is left out stays.")
class ProfileUpdateInput:
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Up to 100 characters.")
    phone: str | None = strawberry.field(default=strawberry.UNSET, description="Any spelling; null removes it.")
    avatar_url: str | None = strawberry.field(default=strawberry.UNSET, description="http or https; null removes it.")
    language: str | None = strawberry.field(default=strawberry.UNSET, description="BCP 47 tag, such as pt-BR.")
    timezone: str | None = strawberry.field(default=strawberry.UNSET, description="IANA name.")


@strawberry.input(description="Which session to end.")
class SessionRevokeInput:
    id: strawberry.ID = strawberry.field(description="One of one's own sessions.")


@strawberry.input(description="One's password, typed once more.")
class PasswordConfirmation:
    password: str = strawberry.field(description="The account's password.")


@strawberry.input(description="A first code of the enrolled app.")
class TotpConfirmInput:
    code: str = strawberry.field(description="Six digits.")
