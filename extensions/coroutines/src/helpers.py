"""Event loops and coroutines of Python that drive those of Rust."""

import asyncio


async def shown(awaitable):
    """What an awaitable comes to: its result, or its exception without where it came from."""
    try:
        return await awaitable
    except BaseException as error:
        return error.with_traceback(None)


def run(awaitable):
    async def main():
        return await awaitable

    return asyncio.run(main())


def run_together(awaitables):
    """All at once, as tasks of one loop."""

    async def main():
        return await asyncio.gather(*map(shown, awaitables))

    return asyncio.run(main())


def run_cancelled(coroutine, after, message):
    """Cancel a task after so many rounds of the loop; what it came to, and whether it counts as cancelled."""

    async def main():
        task = asyncio.ensure_future(coroutine)
        for _ in range(after):
            await asyncio.sleep(0)
        asked = task.cancel(message)
        result = await shown(task)
        return asked, result, task.cancelled(), task.done()

    return asyncio.run(main())


def run_for(iterable, limit):
    """What ``async for`` gives, up to a limit; and what ``async with`` does if it can be entered."""

    async def main():
        items = []
        async for item in iterable:
            items.append(item)
            if len(items) >= limit:
                break
        return items

    return asyncio.run(main())


def run_with(manager, error):
    async def main():
        async with manager as entered:
            if error is not None:
                raise error
            return entered is manager

    return asyncio.run(main())


def drive(coroutine, values):
    """Send the values to a coroutine by hand; exceptions are thrown. What it yielded, and how it ended.

    Without an event loop, so it must not wait for one.
    """
    yielded = []
    try:
        for value in values:
            if isinstance(value, BaseException):
                yielded.append(coroutine.throw(value))
            else:
                yielded.append(coroutine.send(value))
    except StopIteration as end:
        return yielded, "returned", end.value
    except BaseException as error:
        return yielded, "raised", error.with_traceback(None)
    coroutine.close()
    return yielded, "closed", None
