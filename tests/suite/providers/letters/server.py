"""A mail server (aiosmtpd) that writes each mail into a folder, byte for byte.

Prints its port. Argument: the folder. Ends when its standard input does.
"""

import asyncio
import pathlib
import sys

from aiosmtpd.smtp import SMTP

folder = pathlib.Path(sys.argv[1])


class Keep:
    count = 0

    async def handle_DATA(self, server, session, envelope):
        part = folder / f"{self.count}.part"
        part.write_bytes(envelope.original_content)
        part.rename(folder / f"{self.count}.eml")
        self.count += 1
        return "250 kept"


async def main():
    loop = asyncio.get_running_loop()
    keep = Keep()
    server = await loop.create_server(
        lambda: SMTP(keep, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
