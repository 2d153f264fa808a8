"""What Schemathesis does not know of the API's kinds of bodies."""

import schemathesis


@schemathesis.serializer("message/rfc822")
def mail(ctx: object, value: object) -> bytes:
    """A mail is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode()
