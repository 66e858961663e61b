//! Text that an extension gives and that must outlive everything.

use core::ffi::CStr;

use rustpython_vm::{PyResult, VirtualMachine};

/// A copy of `text` that is never freed; types and their attributes live as long as the process.
///
/// Raises: `UnicodeDecodeError` is CPython's; here `SystemError` -- the text is not UTF-8.
pub fn leaked_text(vm: &VirtualMachine, text: &CStr) -> PyResult<&'static str> {
    let text = text
        .to_str()
        .map_err(|_| vm.new_system_error("a name or docstring of a type is not UTF-8"))?;
    Ok(Box::leak(text.to_owned().into_boxed_str()))
}

/// The docstring behind a text signature, as `_PyType_GetDocFromInternalDoc` finds it; `None` if nothing is left.
pub fn doc_without_signature<'a>(name: &str, text: &'a str) -> Option<&'a str> {
    const END: &str = ")\n--\n\n";
    let doc = text
        .strip_prefix(name)
        .filter(|rest| rest.starts_with('('))
        .and_then(|rest| rest.find(END).map(|end| &rest[end + END.len()..]))
        .unwrap_or(text);
    (!doc.is_empty()).then_some(doc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_cut_off_only_if_it_is_one() {
        assert_eq!(
            doc_without_signature("C", "C(a, b=(1))\n--\n\nText"),
            Some("Text")
        );
        assert_eq!(doc_without_signature("C", "C(a)\n--\n\n"), None);
        assert_eq!(doc_without_signature("C", "C(a) is it"), Some("C(a) is it"));
        assert_eq!(doc_without_signature("C", "Text"), Some("Text"));
        assert_eq!(doc_without_signature("C", ""), None);
    }
}
