"""Describe what an extension module offers; imported by a worker of the reference, beside the extension.

Standard library only, on every Python from 3.9 on.  What is returned is plain data, which any worker can send.
"""

import importlib
import inspect
import types

# Found on every object; that an extension has its own is told by where it is defined.
NEVER_SPECIAL = {
    *("__new__", "__init__", "__doc__", "__module__", "__dict__", "__weakref__", "__getattribute__", "__class__"),
    *("__init_subclass__", "__subclasshook__", "__reduce__", "__reduce_ex__", "__sizeof__", "__dir__", "__slots__"),
    *("__getattr__", "__setattr__", "__delattr__", "__del__", "__qualname__", "__annotations__", "__match_args__"),
    *("__static_attributes__", "__firstlineno__", "__orig_bases__", "__parameters__", "__type_params__"),
}
SUBMODULES_LIMIT = 100


def describe(name):
    """Return functions, classes and constants of a module and of the modules inside it, by dotted name."""
    module = importlib.import_module(name)
    found = {"name": name, "functions": [], "classes": [], "constants": []}
    describe_module(module, "", found, {id(module)})
    return found


def describe_module(module, prefix, found, seen):
    inner = []
    for name in sorted(dir(module)):
        try:
            value = getattr(module, name)
        except Exception:
            continue
        if name.startswith("_") or is_elsewhere(module, value):
            continue
        dotted = prefix + name
        if isinstance(value, types.ModuleType):
            inner.append((value, dotted + "."))
        elif isinstance(value, type):
            if id(value) not in seen:
                found["classes"].append(describe_class(value, dotted))
        elif callable(value):
            if id(value) not in seen:
                found["functions"].append(describe_function(value, dotted, "function", signature_of(value)))
        else:
            # A package around a native module shows its constants twice; they may be shared, as None is.
            if (name, id(value)) not in seen:
                found["constants"].append(dotted)
            seen.add((name, id(value)))
            continue
        if not isinstance(value, types.ModuleType):
            seen.add(id(value))
    for value, dotted in inner:
        # A package around a native module shows everything twice: once here, once inside.
        if id(value) not in seen and len(seen) < 100000 and dotted.count(".") < SUBMODULES_LIMIT:
            seen.add(id(value))
            describe_module(value, dotted, found, seen)


def is_elsewhere(module, value):
    """Whether a name was only imported here: what it names belongs to another distribution."""
    top = module.__name__.partition(".")[0]
    if isinstance(value, types.ModuleType):
        spec = getattr(value, "__spec__", None)
        return spec is not None and value.__name__.partition(".")[0] != top
    home = getattr(value, "__module__", None)
    if not isinstance(home, str) or home.partition(".")[0] in (top, "builtins"):
        return isinstance(value, type) and value.__dict__.get("__module__") is None and is_builtin(value)
    try:
        other = importlib.import_module(home)
    except Exception:
        return False
    return getattr(other, getattr(value, "__name__", ""), None) is value


def is_builtin(cls):
    import builtins

    return getattr(builtins, cls.__name__, None) is cls


def describe_function(value, dotted, kind, parameters):
    return {"name": dotted, "kind": kind, "parameters": parameters}


def signature_of(value, skip_first=False):
    """Return ``[name, kind, has a default, annotation]`` for each parameter, or None if it is not told."""
    try:
        parameters = list(inspect.signature(value).parameters.values())
    except Exception:
        return None
    return [
        [each.name, str(each.kind.name), each.default is not each.empty, annotation_of(each)]
        for each in parameters[1 if skip_first else 0 :]
    ]


def annotation_of(parameter):
    annotation = parameter.annotation
    if annotation is parameter.empty:
        return None
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def describe_class(cls, dotted):
    found = {
        "name": dotted,
        "path": cls.__module__ + "." + cls.__qualname__,
        "exception": issubclass(cls, BaseException),
        "parameters": signature_of(cls),
        "methods": [],
        "attributes": [],
        "special": [],
    }
    if issubclass(cls, BaseException):
        found["attributes"] += ["args", "__cause__", "__notes__"]
        if "__init__" not in vars(cls) and "__new__" not in vars(cls):
            found["parameters"] = [["args", "VAR_POSITIONAL", False, None]]
    told = set()
    for base in cls.__mro__:
        if base is object or (issubclass(cls, BaseException) and is_builtin(base)):
            continue
        for name, value in sorted(vars(base).items()):
            if name not in told:
                told.add(name)
                describe_member(cls, name, value, found)
    return found


def describe_member(cls, name, value, found):
    if name.startswith("__") and name.endswith("__"):
        if name not in NEVER_SPECIAL and value is not None:
            parameters = signature_of(value, skip_first=True) if name == "__call__" else None
            found["special"].append([name, parameters])
        return
    if name.startswith("_") or isinstance(value, type):
        return
    kind = type(value).__name__
    if kind in ("classmethod_descriptor", "classmethod"):
        found["methods"].append(describe_function(value, name, "class", signature_of(getattr(cls, name))))
    elif kind in ("staticmethod", "builtin_function_or_method", "builtin_method"):
        found["methods"].append(describe_function(value, name, "static", signature_of(getattr(cls, name))))
    elif callable(value):
        found["methods"].append(describe_function(value, name, "method", signature_of(value, skip_first=True)))
    else:
        found["attributes"].append(name)


def callable_names(path):
    """Return the names of what can be called on instances of a type, given by its path; None if it is not found."""
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
            for name in parts[length:]:
                found = getattr(found, name)
        except (ImportError, AttributeError):
            continue
        return sorted(name for name in dir(found) if callable(getattr(found, name, None)))
    return None
