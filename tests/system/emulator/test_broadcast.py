"""Mailboxes of WebSocket clients, without any socket."""

from __future__ import annotations

import asyncio

import pytest

from cycle_exec.system.emulator.broadcast import Broadcast
from tests.support.waiting import PATIENCE


class Client:
    """The ASGI side of a client. reading: cleared, nothing can be sent to it."""

    def __init__(self) -> None:
        self.reading = asyncio.Event()
        self.reading.set()
        self.heard: list[str] = []
        self.closed = 0
        self.says: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def receive(self):
        return await self.says.get()

    async def send(self, message):
        await self.reading.wait()
        if message["type"] == "websocket.close":
            self.closed = message["code"]
            self.says.put_nowait({"type": "websocket.disconnect"})
        else:
            self.heard.append(message["text"])


async def quiet() -> None:
    for _ in range(500):
        await asyncio.sleep(0)


def play(story) -> None:
    asyncio.run(asyncio.wait_for(story(), PATIENCE))


async def join(broadcast: Broadcast, client: Client) -> None:
    with broadcast.mailbox() as mailbox:
        await mailbox.attend(client.receive, client.send)


def test_everyone_hears_everything_in_order():
    """And what a client says is dropped."""

    async def story() -> None:
        broadcast, clients = Broadcast(), [Client(), Client()]
        tasks = [asyncio.create_task(join(broadcast, client)) for client in clients]
        await quiet()
        clients[0].says.put_nowait({"type": "websocket.receive", "text": "hello?"})
        broadcast.publish(("a", "b"))
        broadcast.publish(())
        broadcast.publish(("c",))
        await quiet()
        assert [client.heard for client in clients] == [["a", "b", "c"]] * 2
        clients[0].says.put_nowait({"type": "websocket.disconnect"})
        await tasks[0]
        broadcast.publish(("d",))
        await quiet()
        assert clients[0].heard == ["a", "b", "c"]
        assert clients[1].heard == ["a", "b", "c", "d"]
        clients[1].says.put_nowait({"type": "websocket.disconnect"})
        await tasks[1]

    play(story)


def test_a_client_that_does_not_read_is_left_behind():
    """The others hear on; it gets what there was room for, then it is told to come again."""

    async def story() -> None:
        broadcast, slow, good = Broadcast(), Client(), Client()
        tasks = [asyncio.create_task(join(broadcast, client)) for client in (slow, good)]
        await quiet()
        slow.reading.clear()
        for number in range(200):
            broadcast.publish((str(number),))
            await quiet()
        assert good.heard == [str(number) for number in range(200)]
        slow.reading.set()
        await tasks[0]
        # One message was on its way, the others had to wait.
        assert slow.heard == [str(number) for number in range(65)]
        assert slow.closed == 1013
        good.says.put_nowait({"type": "websocket.disconnect"})
        await tasks[1]

    play(story)


@pytest.mark.parametrize("reading", [True, False])
def test_a_client_that_goes_is_forgotten(reading):
    """Also in the middle of a message."""

    async def story() -> None:
        broadcast, client = Broadcast(), Client()
        others = asyncio.all_tasks()
        task = asyncio.create_task(join(broadcast, client))
        await quiet()
        if not reading:
            client.reading.clear()
        broadcast.publish(("a",))
        await quiet()
        client.says.put_nowait({"type": "websocket.disconnect"})
        await task
        assert asyncio.all_tasks() == others
        broadcast.publish(("b",))

    play(story)
