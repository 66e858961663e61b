//! Arithmetic on a filled `Py_buffer`. Source: CPython, `Objects/abstract.c`, and C-API, "Buffer Protocol".

use core::ffi::{c_char, c_int, c_void};

use super::Py_buffer;

/// In which order the items of a buffer lie, or are visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    C,
    Fortran,
}

/// Shape and strides of a buffer, with what C may leave out filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub shape: Vec<isize>,
    pub strides: Vec<isize>,
    /// Empty, or one for each dimension; negative means none.
    pub suboffsets: Vec<isize>,
    pub itemsize: isize,
}

/// Strides of an array without gaps.
pub fn contiguous_strides(shape: &[isize], itemsize: isize, order: Order) -> Vec<isize> {
    let mut strides = vec![itemsize; shape.len()];
    let mut step = itemsize;
    let mut fill = |dimension: usize| {
        strides[dimension] = step;
        step *= shape[dimension];
    };
    match order {
        Order::C => (0..shape.len()).rev().for_each(&mut fill),
        Order::Fortran => (0..shape.len()).for_each(&mut fill),
    }
    strides
}

impl Layout {
    /// A missing shape is one dimension of `len / itemsize` items; missing strides are C order.
    ///
    /// # Safety
    /// `shape`, `strides` and `suboffsets` are each null or have `ndim` entries.
    pub unsafe fn of(view: &Py_buffer) -> Self {
        let dimensions = usize::try_from(view.ndim).unwrap_or(0);
        let read = |pointer: *mut isize| {
            (!pointer.is_null() && dimensions > 0).then(|| {
                // SAFETY: not null, so it has `ndim` entries by this function's contract.
                unsafe { core::slice::from_raw_parts(pointer, dimensions) }.to_vec()
            })
        };
        let items = view.len.checked_div(view.itemsize).unwrap_or(0);
        let shape = read(view.shape).unwrap_or_else(|| match dimensions {
            0 => Vec::new(),
            _ => vec![items],
        });
        let strides = read(view.strides)
            .unwrap_or_else(|| contiguous_strides(&shape, view.itemsize, Order::C));
        Self {
            strides,
            suboffsets: read(view.suboffsets).unwrap_or_default(),
            itemsize: view.itemsize,
            shape,
        }
    }

    /// Are the items without gaps in that order? A pointer on the way means no.
    pub fn is_contiguous(&self, order: Order) -> bool {
        if !self.suboffsets.is_empty() {
            return false;
        }
        if self.shape.contains(&0) {
            return true;
        }
        let wanted = contiguous_strides(&self.shape, self.itemsize, order);
        let pairs = self.strides.iter().zip(&wanted);
        pairs
            .zip(&self.shape)
            .all(|((have, want), items)| *items <= 1 || have == want)
    }

    /// The indices of all items, the last (C) or the first (Fortran) dimension fastest.
    pub fn indices(&self, order: Order) -> impl Iterator<Item = Vec<isize>> + '_ {
        let total: isize = self.shape.iter().product();
        (0..total).map(move |number| {
            let mut rest = number;
            let mut indices = vec![0; self.shape.len()];
            let mut place = |dimension: usize| {
                indices[dimension] = rest % self.shape[dimension];
                rest /= self.shape[dimension];
            };
            match order {
                Order::C => (0..self.shape.len()).rev().for_each(&mut place),
                Order::Fortran => (0..self.shape.len()).for_each(&mut place),
            }
            indices
        })
    }

    /// Lowest and highest byte that an item occupies, relative to item `[0, .., 0]`; the end is exclusive.
    pub fn extent(&self) -> (isize, isize) {
        if self.shape.contains(&0) {
            return (0, 0);
        }
        let reach = |sign: isize| -> isize {
            let steps = self.shape.iter().zip(&self.strides);
            steps
                .map(|(items, stride)| (items - 1) * stride)
                .filter(|distance| distance.signum() == sign)
                .sum()
        };
        (reach(-1), reach(1) + self.itemsize)
    }

    /// Where the item at `indices` is.
    ///
    /// # Safety
    /// `buffer` is the start of memory laid out so, and `indices` has an index for each dimension, within its shape.
    pub unsafe fn item(&self, buffer: *mut c_void, indices: &[isize]) -> *mut c_void {
        let mut pointer = buffer.cast::<u8>();
        for (dimension, index) in indices.iter().enumerate() {
            pointer = pointer.wrapping_offset(self.strides[dimension] * index);
            if let Some(suboffset) = self.suboffsets.get(dimension)
                && *suboffset >= 0
            {
                // SAFETY: a suboffset says that a pointer lies here (C-API, "PIL-style").
                pointer = unsafe { pointer.cast::<*mut u8>().read_unaligned() };
                pointer = pointer.wrapping_offset(*suboffset);
            }
        }
        pointer.cast()
    }

    /// Copy the items of a buffer into contiguous memory, in that order.
    ///
    /// # Safety
    /// `source` is laid out so; `target` has room for all items.
    pub unsafe fn gather(&self, source: *mut c_void, target: *mut u8, order: Order) {
        let size = self.itemsize.unsigned_abs();
        for (number, indices) in self.indices(order).enumerate() {
            // SAFETY: an item of the source, and the place of that number in the target, by the contract.
            unsafe {
                let item = self.item(source, &indices).cast::<u8>();
                item.copy_to(target.add(number * size), size);
            }
        }
    }

    /// Copy contiguous memory of `length` bytes, in that order, into the items of a buffer.
    ///
    /// # Safety
    /// `target` is laid out so; `source` has `length` bytes.
    pub unsafe fn scatter(
        &self,
        source: *const u8,
        length: usize,
        target: *mut c_void,
        order: Order,
    ) {
        let size = self.itemsize.unsigned_abs();
        let items = length.checked_div(size).unwrap_or(0);
        for (number, indices) in self.indices(order).take(items).enumerate() {
            // SAFETY: an item of the target, and the item of that number in the source, by the contract.
            unsafe {
                let item = self.item(target, &indices).cast::<u8>();
                item.copy_from(source.add(number * size), size);
            }
        }
    }
}

/// What `PyBuffer_IsContiguous` answers: `order` is `C`, `F` or `A` (either); any other character is no.
pub fn is_contiguous(layout: &Layout, order: c_char) -> c_int {
    let answer = match u8::try_from(order) {
        Ok(b'C') => layout.is_contiguous(Order::C),
        Ok(b'F') => layout.is_contiguous(Order::Fortran),
        Ok(b'A') => layout.is_contiguous(Order::C) || layout.is_contiguous(Order::Fortran),
        _ => false,
    };
    answer.into()
}

/// The order that copying functions use for the character `order`: everything but `F` is C.
pub fn copy_order(order: c_char) -> Order {
    match u8::try_from(order) {
        Ok(b'F') => Order::Fortran,
        _ => Order::C,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(shape: &[isize], strides: &[isize]) -> Layout {
        Layout {
            shape: shape.to_vec(),
            strides: strides.to_vec(),
            suboffsets: Vec::new(),
            itemsize: 1,
        }
    }

    #[test]
    fn contiguity_is_as_cpython_defines_it() {
        assert!(layout(&[2, 3], &[3, 1]).is_contiguous(Order::C));
        assert!(!layout(&[2, 3], &[3, 1]).is_contiguous(Order::Fortran));
        assert!(layout(&[2, 3], &[1, 2]).is_contiguous(Order::Fortran));
        // A dimension of one item may have any stride; no items at all are always contiguous.
        assert!(layout(&[1, 3], &[99, 1]).is_contiguous(Order::C));
        assert!(layout(&[0, 3], &[7, 7]).is_contiguous(Order::C));
        assert!(!layout(&[3], &[-1]).is_contiguous(Order::C));
    }

    #[test]
    fn a_transposed_copy_is_made_and_undone() {
        let rows = layout(&[2, 3], &[3, 1]);
        let mut source = *b"abcdef";
        let mut columns = [0_u8; 6];
        // SAFETY: six items on both sides.
        unsafe {
            rows.gather(
                source.as_mut_ptr().cast(),
                columns.as_mut_ptr(),
                Order::Fortran,
            )
        };
        assert_eq!(&columns, b"adbecf");
        let mut back = [0_u8; 6];
        // SAFETY: as above.
        unsafe {
            rows.scatter(
                columns.as_ptr(),
                6,
                back.as_mut_ptr().cast(),
                Order::Fortran,
            )
        };
        assert_eq!(&back, b"abcdef");
    }

    #[test]
    fn a_view_that_walks_backwards_reaches_below_its_start() {
        assert_eq!(layout(&[3], &[-2]).extent(), (-4, 1));
        assert_eq!(layout(&[2, 3], &[3, 1]).extent(), (0, 6));
        assert_eq!(layout(&[0], &[1]).extent(), (0, 0));
    }
}
