"""What iterates in Python, each a function; `lib.rs` runs this file among the names of its module."""

# ruff: noqa: C400 -- a generator is what is meant

import itertools


def limited(iterable):
    return itertools.islice(iterable, 20)


def unpack_two(iterable):
    first, second = iterable
    return first, second


def unpack_star(iterable):
    first, *middle, last = iterable
    return first, middle, last


def unpack_nested(iterable):
    (first, *rest), *others = iterable
    return first, rest, others


def arguments(*args, **kwargs):
    return args, kwargs


def as_arguments(iterable):
    return arguments(0, *iterable)


def as_keywords(mapping):
    return arguments(**mapping)


def as_displays(iterable):
    return [*iterable], (1, *iterable)


def as_dict_display(mapping):
    return {"before": 0, **mapping}


def as_list(iterable):
    return list(iterable)


def as_tuple(iterable):
    return tuple(iterable)


def as_dict(iterable):
    return dict(iterable)


def as_set(iterable):
    return len(set(iterable))


def as_bytes(iterable):
    return bytes(iterable)


def joined(iterable):
    return "-".join(iterable)


def dict_from_keys(iterable):
    return dict.fromkeys(iterable, 0)


def extended(iterable):
    items = ["first"]
    try:
        items.extend(iterable)
    except Exception as error:
        return items, type(error).__name__
    return items


def assigned_to_slice(iterable):
    items = [1, 2, 3, 4]
    items[1:3] = iterable
    return items


def assigned_to_wide_slice(iterable):
    items = [1, 2, 3, 4]
    items[::2] = iterable
    return items


def comprehended(iterable):
    return [(number, item) for number, item in enumerate(iterable, 5)]


def generated(iterable):
    return list(item for item in limited(iterable) if item != 1)


def mapped(function, iterable):
    return list(map(function, iterable))


def filtered(iterable):
    return list(filter(None, iterable))


def zipped(first, second):
    return list(zip(first, second))


def zipped_strictly(first, second):
    return list(zip(first, second, strict=True))


def in_order(iterable):
    return sorted(iterable)


def backwards(sequence):
    return list(limited(reversed(sequence)))


def ends(iterable):
    return min(iterable), max(iterable)


def least(iterable):
    return min(iterable, default="nothing")


def truths(iterable):
    iterator = iter(iterable)
    return any(iterator), all(iterator)


def summed(iterable):
    return sum(iterable)


def contains(iterable, item):
    return item in iterable


def looped(iterable):
    seen = []
    for item in iterable:
        if len(seen) == 20:
            break
        seen.append(item)
    else:
        seen.append("else")
    return seen


def looped_while_changing(row, change):
    """Iterate over a row that is changed at every step."""
    seen = []
    for item in row:
        seen.append(item)
        if len(seen) > 12:
            break
        if change == "push":
            row.push(len(seen))
        elif change == "pop":
            row.pop()
    return seen


def until(function, sentinel):
    return list(itertools.islice(iter(function, sentinel), 10))


def delegating(iterable):
    """A generator that yields from an iterable and says what that returned."""
    returned = yield from iterable
    yield ("returned", returned)
    return "done"


def echoing(*items):
    """A generator that yields what is sent to it, and swallows a ValueError."""
    received = None
    for item in items:
        try:
            received = yield (item, received)
        except ValueError as error:
            received = error.args
    return received


def catching(iterable):
    """A generator that turns every failure of an iterator into an item."""
    iterator = iter(iterable)
    for _ in range(6):
        try:
            yield next(iterator, "end")
        except Exception as error:
            yield type(error).__name__, error.args


def grouped(iterable):
    return [(key, list(group)) for key, group in itertools.groupby(limited(iterable))]


def teed(iterable):
    first, second = itertools.tee(limited(iterable))
    return next(first, "end"), list(second), list(first)
