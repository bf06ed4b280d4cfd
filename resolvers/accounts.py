"""Accounts: sign up, sign in and out, links, profile, sessions, second factor."""

from typing import TypeVar, cast

import strawberry

from core.ids import encode
from graph import Root
from resolvers.context import Context
from resolvers.fields import account_mutation, query
from resolvers.inputs import given
from schema.account import (
    DonePayload,
    EmailVerifyInput,
    LoginInput,
    LoginPayload,
    LogoutEverywherePayload,
    Me,
    PasswordChangeInput,
    PasswordConfirmation,
    PasswordResetInput,
    PasswordResetRequestInput,
    ProfileUpdateInput,
    ProfileUpdatePayload,
    RecoveryCodesPayload,
    RegisterInput,
    RegisterPayload,
    Session,
    SessionRevokeInput,
    SessionRevokePayload,
    SignInPayload,
    TokenRefreshInput,
    TokenRefreshPayload,
    TotpConfirmInput,
    TotpEnrollPayload,
)
from schema.user import User
from schema.workspace import Workspace
from services.accounts import grants, links, passwords, profile, registration, second_factor, sessions
from services.accounts import login as signing_in
from services.accounts.grants import Grant
from services.workspaces import membership

S = TypeVar("S", bound=SignInPayload)


def signed_in(payload: type[S], grant: Grant) -> S:
    """Answer with what a sign-in hands out."""
    return payload(
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        expires_at=grant.expires_at,
        user=User.of(grant.user),
        workspace_id=None
        if grant.workspace_id is None
        else strawberry.ID(encode(cast("str", Workspace.prefix), grant.workspace_id)),
    )


@query()
async def me(context: Context) -> Me:
    """The person who asks."""
    user = await profile.me(context.ground, context.identity)
    actor = context.identity.actor
    workspace = None if actor is None else await membership.workspace_of(context.ground, actor)
    return Me.of(user, workspace, None if actor is None else actor.role, () if actor is None else actor.permissions)


@query()
async def own_sessions(context: Context) -> list[Session]:
    """The open sessions of the person who asks, the last used first; a hundred at most."""
    return [Session.of(each) for each in await sessions.own(context.ground, context.identity)]


class AccountQueries(Root):
    """Queries about one's own account."""

    me: Me = me
    sessions: list[Session] = own_sessions


@account_mutation(idempotent=True)
async def register(context: Context, input: RegisterInput) -> RegisterPayload:
    """Make an account, perhaps with a first workspace, and sign in. A link to prove the e-mail address is mailed."""
    draft = registration.Registration(
        email=input.email,
        password=input.password,
        name=input.name,
        workspace_name=input.workspace_name,
        language=input.language,
        timezone=input.timezone,
    )
    registered = await registration.register(context.ground, context.origin, draft, context.keys.asked)
    if not registered.is_new:
        context.keys.replayed.append("register")
    return signed_in(RegisterPayload, registered.grant)


@account_mutation
async def login(context: Context, input: LoginInput) -> LoginPayload:
    """Sign in. Whoever is unknown or mistyped gets the same answer."""
    draft = signing_in.LoginDraft(email=input.email, password=input.password, code=input.code)
    return signed_in(LoginPayload, await signing_in.login(context.ground, context.origin, draft))


@account_mutation
async def token_refresh(context: Context, input: TokenRefreshInput) -> TokenRefreshPayload:
    """Exchange a refresh token for new tokens. A token that was exchanged before ends its session."""
    return signed_in(TokenRefreshPayload, await grants.refresh(context.ground, context.origin, input.refresh_token))


@account_mutation(signed_in=True)
async def logout(context: Context) -> DonePayload:
    """End this session."""
    await sessions.logout(context.ground, context.identity)
    return DonePayload(done=True)


@account_mutation(signed_in=True)
async def logout_everywhere(context: Context) -> LogoutEverywherePayload:
    """End all sessions of the person who asks, this one included."""
    return LogoutEverywherePayload(sessions=await sessions.logout_everywhere(context.ground, context.identity))


@account_mutation(idempotent=True)
async def password_reset_request(context: Context, input: PasswordResetRequestInput) -> DonePayload:
    """Mail a link to set a new password. The answer does not tell whether there is such an account."""
    await passwords.request_reset(context.ground, context.origin, input.email, context.keys.asked)
    return DonePayload(done=True)


@account_mutation
async def password_reset(context: Context, input: PasswordResetInput) -> DonePayload:
    """Set a new password with a mailed link. All sessions of the person end."""
    await passwords.reset(context.ground, context.origin, input.token, input.password)
    return DonePayload(done=True)


@account_mutation(signed_in=True)
async def password_change(context: Context, input: PasswordChangeInput) -> DonePayload:
    """Set a new password. All other sessions of the person end."""
    await passwords.change(context.ground, context.identity, input.current_password, input.password)
    return DonePayload(done=True)


@account_mutation(signed_in=True, idempotent=True)
async def email_verify_request(context: Context) -> DonePayload:
    """Mail the link to prove the e-mail address once more."""
    await links.request_verification(context.ground, context.identity, context.keys.asked)
    return DonePayload(done=True)


@account_mutation
async def email_verify(context: Context, input: EmailVerifyInput) -> DonePayload:
    """Prove an e-mail address with a mailed link."""
    await links.verify_email(context.ground, context.origin, input.token)
    return DonePayload(done=True)


@account_mutation(signed_in=True)
async def profile_update(context: Context, input: ProfileUpdateInput) -> ProfileUpdatePayload:
    """Change one's own profile."""
    draft = profile.ProfileDraft(
        name=given(input.name),
        phone=given(input.phone),
        avatar_url=given(input.avatar_url),
        language=given(input.language),
        timezone=given(input.timezone),
    )
    return ProfileUpdatePayload(user=User.of(await profile.update(context.ground, context.identity, draft)))


@account_mutation(signed_in=True)
async def session_revoke(context: Context, input: SessionRevokeInput) -> SessionRevokePayload:
    """End one of one's own sessions."""
    ended = await sessions.revoke(context.ground, context.identity, Session.key_of(input.id, field=("id",)))
    return SessionRevokePayload(session=Session.of(ended))


@account_mutation(signed_in=True)
async def totp_enroll(context: Context, input: PasswordConfirmation) -> TotpEnrollPayload:
    """Begin to use a second factor: show the code to an authenticator app, then confirm."""
    enrolment = await second_factor.enroll(context.ground, context.identity, input.password)
    return TotpEnrollPayload(uri=enrolment.uri, secret=enrolment.secret)


@account_mutation(signed_in=True)
async def totp_confirm(context: Context, input: TotpConfirmInput) -> RecoveryCodesPayload:
    """Turn the second factor on with a first code of the app. Answers with recovery codes."""
    return RecoveryCodesPayload(
        recovery_codes=await second_factor.confirm(context.ground, context.identity, input.code)
    )


@account_mutation(signed_in=True)
async def totp_disable(context: Context, input: PasswordConfirmation) -> DonePayload:
    """Turn the second factor off."""
    await second_factor.disable(context.ground, context.identity, input.password)
    return DonePayload(done=True)


@account_mutation(signed_in=True)
async def recovery_codes_renew(context: Context, input: PasswordConfirmation) -> RecoveryCodesPayload:
    """Put new recovery codes in the place of the old ones."""
    codes = await second_factor.renew_recovery_codes(context.ground, context.identity, input.password)
    return RecoveryCodesPayload(recovery_codes=codes)


MUTATIONS = (
    register,
    login,
    token_refresh,
    logout,
    logout_everywhere,
    password_reset_request,
    password_reset,
    password_change,
    email_verify_request,
    email_verify,
    profile_update,
    session_revoke,
    totp_enroll,
    totp_confirm,
    totp_disable,
    recovery_codes_renew,
)
