"""Programs that end with objects still alive; each is run in an interpreter of its own."""

import atexit
import builtins
import sys

import sample_gc


class Finalised(sample_gc.Crier):
    def __del__(self):
        sample_gc.cry("finalised " + self.label)


def in_globals():
    globals()["kept"] = sample_gc.Crier("kept")


def in_cycle():
    kept = sample_gc.Crier("kept")
    kept.link(kept)
    globals()["kept"] = kept


def in_dead_cycle():
    kept = sample_gc.Crier("kept")
    kept.link(kept)


def in_modules():
    sys.kept = sample_gc.Crier("in sys")
    builtins.kept = sample_gc.Crier("in builtins")
    sample_gc.kept = sample_gc.Crier("in its own module")


def at_exit():
    kept = [sample_gc.Crier("promised")]
    atexit.register(kept.clear)


def finalised():
    globals()["kept"] = Finalised("kept")


def held_by_another():
    first = sample_gc.Crier("first")
    first.link(sample_gc.Crier("second"))
    globals()["kept"] = first


def in_thread():
    import threading

    ended = threading.Event()

    # The interpreter waits for the thread, which waits for the interpreter to have come to its end.
    def wait(kept):
        ended.wait()
        sample_gc.cry("promised")

    threading.Thread(target=wait, args=(sample_gc.Crier("kept"),)).start()
    threading._register_atexit(ended.set)


def in_daemon():
    import threading

    started = threading.Event()
    never = threading.Event()

    def wait(kept):
        started.set()
        never.wait()

    threading.Thread(target=wait, args=(sample_gc.Crier("kept"),), daemon=True).start()
    started.wait()


def failing():
    globals()["kept"] = sample_gc.Crier("kept")
    raise SystemExit(3)


globals()[sys.argv[1]]()
sample_gc.cry("end")
