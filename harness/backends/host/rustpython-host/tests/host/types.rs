//! Types from C, with what PyO3 does not use.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::support::{compile_c, fresh_dir, run};

fn modules() -> &'static Path {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| {
        let dir = fresh_dir("types");
        compile_c("types.c", &dir.join("types_c.so"));
        dir
    })
}

/// What the lines of `script` print; `t` is the module, and `error(f, *a)` what `f` raises.
fn lines(script: &str) -> Vec<String> {
    let start = "
import types_c as t
def error(f, *a):
    try:
        return f(*a)
    except Exception as e:
        return f'{type(e).__name__}: {e}'
";
    let ran = run(modules(), &format!("{start}{script}"));
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    ran.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn a_sequence_gets_indices_from_its_start() {
    let script = "
s = t.Sequence()
print(s[0], s[-1], s[-3], list(s), len(s), 20 in s)
print(error(lambda: s[3]), error(lambda: s[-4]), error(lambda: s['a']))
s[-1] = 5; print(s.last_assigned())
del s[-3]; print(s.last_assigned())
print(s.__getitem__(-2), t.Sequence.__len__(s), t.Sequence.__setitem__)
";
    assert_eq!(
        lines(script),
        [
            "0 20 0 [0, 10, 20] 3 True",
            "IndexError: out of range IndexError: out of range TypeError: 'str' object cannot be interpreted as an integer",
            "2",
            "1000",
            "10 3 <slot wrapper '__setitem__' of 'Sequence' objects>",
        ]
    );
}

#[test]
fn members_are_read_by_their_type() {
    let script = "
f = t.Fields()
print(f.s, f.i, f.l, f.f, f.d, f.text, f.object, f.c, f.b, f.ub, f.us, f.ui, f.ul, f.in_place, f.flag, f.ll, f.ull, f.n)
print(error(lambda: f.missing), error(setattr, f, 'i', 1), t.Fields.i.__doc__)
print(t.Fields.__doc__, t.Fields.__text_signature__, t.data_size(t.Fields))
class P(t.Fields): pass
print(P().n, t.data_size(P))
";
    assert_eq!(
        lines(script),
        [
            "-1 -2 -3 0.5 0.25 text None c -4 5 6 7 8 inside True -9 10 -11",
            "AttributeError: 'types_c.Fields' object has no attribute 'missing' AttributeError: readonly attribute doc of i",
            "All kinds. () 128",
            "-11 0",
        ]
    );
}

#[test]
fn a_type_knows_its_module_and_its_methods_know_their_class() {
    let script = "
class P(t.Knowing): pass
p = P()
print(p.defining(), P.module_of() is t, t.Knowing.module_of() is t)
before = p.counts()
del p
print(t.Knowing.counts() - before)
";
    assert_eq!(
        lines(script),
        ["<class 'types_c.Knowing'> True True", "1001"]
    );
}

#[test]
fn each_class_of_a_chain_has_data_of_its_own() {
    let script = "
chain = [t.extend(object)]
for _ in range(7):
    chain.append(t.extend(chain[-1]))
x = chain[-1]()
print([x.number_at(c) for c in chain], [x.number_at(c) for c in chain[::2]])
print(error(chain[0]().number_at, chain[1]))
print(error(t.extend, chain[-1]))
";
    assert_eq!(
        lines(script),
        [
            "[1, 1, 1, 1, 1, 1, 1, 1] [2, 2, 2, 2]",
            "SystemError: PyObject_GetTypeData: a 'types_c.Link' object has no data of 'types_c.Link'",
            "TypeError: types_c.Link: more than 8 types of extensions that extend one another",
        ]
    );
}

#[test]
fn data_is_aligned_in_the_object_and_outside() {
    let script = "
chain, odd = [], []
for _ in range(6):
    chain.append(t.extend(chain[-1] if chain else object))
    for base in (chain[-1], t.extend(dict), t.extend(ValueError)):
        links = [c for c in base.__mro__ if c.__name__ == 'Link']
        for x in [base() for _ in range(50)]:
            places = [x.address_at(c) for c in links]
            odd += [p for p in places if p % 16]
            odd += [(a, b) for a, b in zip(places, places[1:]) if a - b != 16]
print(odd)
";
    assert_eq!(lines(script), ["[]"]);
}

#[test]
fn bases_and_specs_that_cannot_be_are_refused() {
    let script = "
for base in (int, tuple, type, bool, type(None)):
    print(error(t.extend, base))
for number in range(4):
    print(error(t.refused, number))
class P: pass
print(t.extend(P).__mro__[1:], error(t.freeze, t.extend(P)), error(t.freeze, t.Sequence))
print(error(setattr, t.Sequence, 'x', 1))
print([t.slot(dict, n) for n in (48, 52, 65, 74, 71)], error(t.slot, dict, 999))
";
    assert_eq!(
        lines(script),
        [
            "TypeError: types_c.Link: the host cannot extend 'int': RustPython gives no access to its layout",
            "TypeError: types_c.Link: the host cannot extend 'tuple': RustPython gives no access to its layout",
            "TypeError: types_c.Link: the host cannot extend 'type': RustPython gives no access to its layout",
            "TypeError: type 'bool' is not an acceptable base type",
            "TypeError: type 'NoneType' is not an acceptable base type",
            "SystemError: x.Positive: a positive basicsize needs the layout of PyObject, which abi3t hides; use a negative one (PEP 697)",
            "SystemError: x.Items: objects of variable size are not supported",
            "SystemError: Type spec does not define the name field.",
            "SystemError: unknown type slot ID 200",
            "(<class '__main__.P'>, <class 'object'>) TypeError: Creating immutable type Link from mutable base P None",
            "TypeError: cannot set 'x' attribute of immutable type 'types_c.Sequence'",
            "[1, 1, 1, 1, 0] SystemError: bad argument to internal function",
        ]
    );
}

#[test]
fn types_are_asked_during_garbage_collection_and_made_in_older_ways() {
    let script = "
class P(t.Knowing): pass
print(bin(t.during_gc(t.Knowing)))
made = t.made_with((t.Sequence,))
print(made.__name__, [base.__name__ for base in made.__mro__], len(made()))
print(error(t.made_with, (int,)))
";
    assert_eq!(
        lines(script),
        [
            "0b111111",
            "Made ['Made', 'Made', 'Sequence', 'object'] 3",
            "TypeError: types_c.Made: the host cannot extend 'int': RustPython gives no access to its layout",
        ]
    );
}
