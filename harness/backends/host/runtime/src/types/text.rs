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

/// The docstring behind a text signature, which may be empty. Source: CPython, `_PyType_DocWithoutSignature`.
pub fn doc_without_signature<'a>(name: &str, text: &'a str) -> &'a str {
    const END: &str = ")\n--\n\n";
    text.strip_prefix(name)
        .filter(|rest| rest.starts_with('('))
        .and_then(|rest| rest.find(END).map(|end| &rest[end + END.len()..]))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_cut_off_only_if_it_is_one() {
        assert_eq!(
            doc_without_signature("C", "C(a, b=(1))\n--\n\nText"),
            "Text"
        );
        assert_eq!(doc_without_signature("C", "C(a)\n--\n\n"), "");
        assert_eq!(doc_without_signature("C", "C(a) is it"), "C(a) is it");
        assert_eq!(doc_without_signature("C", "Text"), "Text");
        assert_eq!(doc_without_signature("C", ""), "");
    }
}
