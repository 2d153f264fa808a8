"""What a program of a shop's does with types that are generated from the description of the API.

It is told the address and a key, and prints what it found as one line of JSON.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import httpx
from pydantic import BaseModel

from models import CustomersPage, ListedCustomer, Problem, Taken, Timeline, TrackCall

T = TypeVar("T", bound=BaseModel)


@dataclass
class Refused(Exception):
    """The API said no."""

    problem: Problem


@dataclass
class Api:
    """The addresses that this program asks."""

    client: httpx.Client

    def get(self, kind: type[T], path: str, **query: str | int) -> T:
        """What is answered there."""
        return self._read(kind, self.client.get(path, params=query))

    def post(self, kind: type[T], path: str, body: BaseModel) -> T:
        """What is answered to that."""
        sent = body.model_dump_json(by_alias=True, exclude_none=True)
        headers = {"Content-Type": "application/json"}
        return self._read(kind, self.client.post(path, content=sent, headers=headers))

    @staticmethod
    def _read(kind: type[T], answer: httpx.Response) -> T:
        if answer.is_success:
            return kind.model_validate_json(answer.content)
        raise Refused(Problem.model_validate_json(answer.content))


def customers(api: Api, limit: int) -> Iterator[ListedCustomer]:
    """Every customer, page by page."""
    page = api.get(CustomersPage, "/v1/customers", limit=limit)
    yield from page.items
    while page.next is not None:
        page = api.get(CustomersPage, "/v1/customers", limit=limit, cursor=page.next)
        yield from page.items


def last(api: Api, key: str) -> list[str]:
    """What was decided on the last thing that happened, in words."""
    timeline = api.get(Timeline, f"/v1/customers/{key}/timeline", limit=1, lang="en")
    return [fact.sentence for entry in timeline.items for fact in entry.facts]


def send(api: Api, message_id: str) -> int:
    """Sends an event; says how many were accepted."""
    call = TrackCall.model_validate(
        {"messageId": message_id, "userId": "ana", "event": "order.placed", "properties": {"total": 49.9}}
    )
    return api.post(Taken, "/v1/track", call).accepted


def code_of(api: Api, path: str) -> str:
    """What a request is refused with."""
    try:
        api.get(Timeline, path)
    except Refused as refused:
        return f"{refused.problem.status} {refused.problem.code}"
    return "nothing"


def refused(api: Api) -> str:
    """The code and the field of the problem that an event without an id is; the types would not let it be sent."""
    body = {"messageId": "", "userId": "ana", "event": "order.placed"}
    problem = Problem.model_validate_json(api.client.post("/v1/track", json=body).content)
    return f"{problem.code}: {problem.field}"


def main(address: str, key: str) -> None:
    """Does all of it."""
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}) as client:
        api = Api(client)
        found = {
            "customers": len(list(customers(api, 7))),
            "last": last(api, "ana"),
            "accepted": send(api, "python-1"),
            "refused": refused(api),
            "missing": code_of(api, "/v1/customers/nobody/timeline"),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
