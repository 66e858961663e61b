"""The real worker with one fault in what it says.  Usage: misbehaving.py FAULT WHEN WORKER READ WRITE STDOUT STDERR

``WHEN`` is the word that a program's first argument must be, or the number of the program from which on every
answer is wrong.  To ``differ`` as a first argument it answers something else than any other worker.
"""

import json
import os
import signal
import sys
import threading
import time
import types

fault, when, path, _, replies_fd = sys.argv[1:6]
del sys.argv[1:4]
del sys.path[0]
worker = types.ModuleType("worker")
worker.__file__ = path
with open(path, encoding="utf-8") as source:
    exec(compile(source.read(), path, "exec"), worker.__dict__)

PID = os.getpid()

write = None
"""Writes bytes to the descriptor of replies, as they are."""

reading = None
"""The stream of requests."""


def die():
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(600)


def exit_now(code=0):
    os._exit(code)


def close_the_pipe():
    os.close(int(replies_fd))
    time.sleep(600)


def be_silent():
    time.sleep(600)


def reply(sequence, observations):
    return json.dumps([sequence, observations]).encode() + b"\n"


def half(sequence, observations):
    return reply(sequence, observations)[:-6]


def endless():
    for _ in range(1024):
        write(b"x" * 2**20)
    be_silent()


def say_later(sequence, observations):
    def say():
        time.sleep(0.3)
        write(reply(sequence, observations))

    threading.Thread(target=say).start()


late = []
"""What is said before the next answer."""


DEEP = 100


def leave_it_to_a_descendant(sequence, observations):
    """Answer, and die when nothing is asked; what answers next is a child's child's child.

    Who is that deep lives longest when everything is killed that the worker has left: it is reached from above.
    """
    write(reply(sequence, observations))
    ready, telling = os.pipe()
    for _ in range(DEEP):
        if os.fork():
            if os.getpid() == PID:
                os.read(ready, 1)
                os._exit(0)
            be_silent()
        # The worker's own group is killed at once.
        os.setsid()
    os.write(telling, b"x")
    message = json.loads(os.read(reading.fileno(), 2**16))
    write(reply(message["run"][0][0], observations))
    be_silent()


def answer_when_given_up(sequence, observations):
    """Have a child answer that is in no session of ours, when this has taken too long."""
    if os.fork():
        be_silent()
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(float(os.environ.get("ANSWERS_AFTER_S", "1.5")))
    write(reply(sequence, observations))
    be_silent()


HANDSHAKES = {
    "no hello but text": lambda hello: b"Welcome!\n",
    "no hello but a number": lambda hello: b"5\n",
    "hello that is no UTF-8": lambda hello: b'{"hello": "\xff"}\n',
    "hello without a version": lambda hello: line({"hello": {k: v for k, v in hello.items() if k != "protocol"}}),
    "hello without a pid": lambda hello: line({"hello": {k: v for k, v in hello.items() if k != "pid"}}),
    "old protocol": lambda hello: line({"hello": {"protocol": 1, "implementation": "old"}}),
    "next protocol": lambda hello: line({"hello": {**hello, "protocol": hello["protocol"] + 1}}),
    "another worker file": lambda hello: line({"hello": {**hello, "worker": "0" * 32}}),
    "hello and more": lambda hello: line({"hello": hello}) + b"and more\n",
}
REPLIES = {
    "wrong sequence number": lambda n, o: write(reply(n + 7, o)),
    "sequence number that is text": lambda n, o: write(reply(str(n), o)),
    "answers twice": lambda n, o: write(reply(n, o) * 2),
    "answers again before the next answer": lambda n, o: (write(reply(n, o)), late.append(reply(n, o))),
    "answers again when nothing is asked": lambda n, o: (write(reply(n, o)), say_later(n, o)),
    "no answer": lambda n, o: be_silent(),
    "half a line, then death": lambda n, o: (write(half(n, o)), die()),
    "half a line, then exit code 0": lambda n, o: (write(half(n, o)), exit_now()),
    "half a line, then exit code 3": lambda n, o: (write(half(n, o)), exit_now(3)),
    "half a line, then a closed pipe": lambda n, o: (write(half(n, o)), close_the_pipe()),
    "half a line, then silence": lambda n, o: (write(half(n, o)), be_silent()),
    "no UTF-8": lambda n, o: write(b'[%d, [["r", "\xff\xfe"]]]\n' % n),
    "no JSON": lambda n, o: write(b"what?\n"),
    "JSON that stops": lambda n, o: write(half(n, o) + b"\n"),
    "an object": lambda n, o: write(b'{"answer": %d}\n' % n),
    "an empty line": lambda n, o: write(b"\n"),
    "an unknown outcome": lambda n, o: write(reply(n, [["perhaps", 1]])),
    "an unknown tag": lambda n, o: write(reply(n, [["r", ["q", 1]]])),
    "an unknown effect": lambda n, o: write(reply(n, [["r", 1, {"mood": "good"}]])),
    "an exception that is none": lambda n, o: write(reply(n, [["e", "ValueError"]])),
    "observations that are none": lambda n, o: write(reply(n, 5)),
    "no observation": lambda n, o: write(reply(n, [])),
    "an observation too many": lambda n, o: write(reply(n, [*o, ["r", None]])),
    "a gigabyte": lambda n, o: endless(),
    "nested 100,000 deep": lambda n, o: write(b'[%d, [["r", %s]]]\n' % (n, b'["l",' * 100_000 + b"1" + b"]" * 100_000)),
    "nested 800 deep": lambda n, o: write(b'[%d, [["r", %s]]]\n' % (n, b'["l",' * 800 + b"1" + b"]" * 800)),
    "prints among the replies": lambda n, o: write(b"debug: here\n" + reply(n, o)),
    "a descendant answers after its death": leave_it_to_a_descendant,
    "a child answers when it was given up": answer_when_given_up,
}  # fmt: skip
LOADS = {
    "another answer to a load": lambda module: b"[1, []]\n",
    "a load of another module": lambda module: line({"load": module + "x", "failed": None}),
    "a failure that is no exception": lambda module: line({"load": module, "failed": "no"}),
}


def line(message):
    return json.dumps(message).encode() + b"\n"


def first_argument(steps):
    arguments = steps[0][2] if steps and steps[0][0] == "call" else []
    return arguments[0] if arguments else None


def serve(reader, writer, effects):
    global write, reading
    reading = reader

    def write(data):
        os.write(writer.fileno(), data) if len(data) < 2**16 else write_all(data)

    def write_all(data):
        writer.write(data)
        writer.flush()

    hello = worker.hello()
    write(HANDSHAKES.get(fault, lambda hello: line({"hello": hello}))(hello))
    executor = worker.Executor(effects)
    answered = 0
    for request in reader:
        message = json.loads(request)
        if "load" in message:
            module, failed = message["load"], None
            try:
                executor.load(module, message["paths"])
            except BaseException as failure:
                failed = worker.encode_exception(failure)
            write(LOADS[fault](module) if fault in LOADS else line({"load": module, "failed": failed}))
            continue
        for sequence, module, *program in message.get("run", ()):
            observations = executor.run(module, *program)
            answered += 1
            while late:
                write(late.pop())
            word = first_argument(program[0])
            if word == "differ":
                observations = [["r", "something else"]]
            wrong = word == when or (when.isdigit() and answered >= int(when))
            if wrong and fault in REPLIES:
                REPLIES[fault](sequence, observations)
            else:
                write(reply(sequence, observations))


worker.serve = serve
if __name__ == "__main__":
    if fault not in {*HANDSHAKES, *REPLIES, *LOADS, "none"}:
        sys.exit("misbehaving.py: no such fault: " + fault)
    worker.main()
