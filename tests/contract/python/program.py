"""What a program of a shop's does with a client that is generated from the description of the API.

It is told the address and a key, and prints what it found as one line of JSON.
"""

import json
import sys
from collections.abc import Iterator
from http import HTTPStatus

from parcours_client import AuthenticatedClient
from parcours_client.api.customers import get_customer, get_timeline, list_customers
from parcours_client.api.events import track
from parcours_client.models import CustomerRow, CustomerRowPage, Taken, Timeline, TrackCall
from parcours_client.types import UNSET, Unset


def customers(client: AuthenticatedClient, limit: int) -> Iterator[CustomerRow]:
    """Every customer, page by page."""
    cursor: str | Unset = UNSET
    while True:
        page = list_customers.sync(client=client, limit=limit, cursor=cursor)
        assert isinstance(page, CustomerRowPage)
        yield from page.items
        if not isinstance(page.next_, str):
            return
        cursor = page.next_


def last(client: AuthenticatedClient, key: str) -> list[str]:
    """What was decided on the last thing that happened, in words."""
    timeline = get_timeline.sync(key, client=client, limit=1)
    assert isinstance(timeline, Timeline)
    return [fact.sentence for entry in timeline.items for fact in entry.facts]


def send(client: AuthenticatedClient, message_id: str) -> int:
    """Sends an event; says how many were accepted."""
    call = TrackCall.from_dict({
        "messageId": message_id, "userId": "ana", "event": "order.placed", "properties": {"total": 49.9},
    })
    taken = track.sync(client=client, body=call)
    assert isinstance(taken, Taken)
    return taken.accepted


def refused(client: AuthenticatedClient) -> str:
    """The code of the problem that an event without an id is."""
    call = TrackCall.from_dict({"messageId": "", "userId": "ana", "event": "order.placed"})
    problem = track.sync(client=client, body=call)
    assert problem is not None and not isinstance(problem, Taken)
    return f"{problem.code.value}: {problem.field}"


def missing(client: AuthenticatedClient) -> str:
    """What is not there."""
    answer = get_customer.sync_detailed("nobody", client=client)
    assert answer.status_code == HTTPStatus.NOT_FOUND
    return f"{answer.status_code.value} {json.loads(answer.content)['code']}"


def main(address: str, key: str) -> None:
    """Does all of it."""
    client = AuthenticatedClient(base_url=address, token=key)
    found = {
        "customers": len(list(customers(client, 7))),
        "last": last(client, "ana"),
        "accepted": send(client, "python-1"),
        "refused": refused(client),
        "missing": missing(client),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
