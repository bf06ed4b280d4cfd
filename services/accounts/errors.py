"""What a person can be told about their account."""

from core.errors import Conflict, Invalid, NotFound


class CredentialsInvalid(Invalid):
    """The e-mail address or the password is not right."""

    code = "INVALID_CREDENTIALS"


class SecondFactorRequired(Invalid):
    """This account has a second factor: send its `code` as well."""

    code = "SECOND_FACTOR_REQUIRED"


class SecondFactorInvalid(Invalid):
    """This code is not valid, or was used before: send the newest code of your device, or a recovery code."""

    code = "SECOND_FACTOR_INVALID"


class SecondFactorEnabled(Conflict):
    """The second factor is on already: turn it off first."""

    code = "SECOND_FACTOR_ENABLED"


class SecondFactorMissing(Conflict):
    """The second factor is off: begin with `totpEnroll`."""

    code = "SECOND_FACTOR_MISSING"


class EmailTaken(Conflict):
    """There is an account with this e-mail address: sign in, or reset its password."""

    code = "EMAIL_TAKEN"


class PasswordWeak(Invalid):
    """Choose a longer or less common password."""

    code = "PASSWORD_WEAK"


class LinkInvalid(Invalid):
    """This link is not valid any more: ask for a new one."""

    code = "LINK_INVALID"


class RefreshInvalid(Invalid):
    """This refresh token is not valid any more: sign in again."""

    code = "REFRESH_INVALID"


class AccountMissing(NotFound):
    """There is no such account."""
