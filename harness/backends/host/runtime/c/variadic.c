/* The variadic functions of the C-API.
 *
 * Stable Rust can neither define a variadic function nor read a va_list. Each function here packs its variable
 * arguments into a list and hands over to a Rust function of the same name with the prefix host_; that one
 * takes the arguments out, one by one, with the next_* functions. There is no other logic in C.
 *
 * The linker exports the symbols of Rust only, so src/variadic.rs has a jump to each variadic_NAME under its
 * public name.
 */
#include <stdarg.h>
#include <stddef.h>

typedef struct {
    va_list list;
} Arguments;

int backend_matrix_next_int(Arguments *rest) { return va_arg(rest->list, int); }
long backend_matrix_next_long(Arguments *rest) { return va_arg(rest->list, long); }
long long backend_matrix_next_long_long(Arguments *rest) { return va_arg(rest->list, long long); }
ptrdiff_t backend_matrix_next_ssize(Arguments *rest) { return va_arg(rest->list, ptrdiff_t); }
double backend_matrix_next_double(Arguments *rest) { return va_arg(rest->list, double); }
void *backend_matrix_next_pointer(Arguments *rest) { return va_arg(rest->list, void *); }

/* RESULT NAME(PARAMETERS, ...) in terms of RESULT host_NAME(CALL, Arguments *). */
#define VARIADIC(RESULT, NAME, LAST, PARAMETERS, DECLARED, CALL)                \
    extern RESULT backend_matrix_host_##NAME DECLARED;                          \
    RESULT backend_matrix_variadic_##NAME PARAMETERS                            \
    {                                                                           \
        Arguments rest;                                                         \
        va_start(rest.list, LAST);                                              \
        RESULT result = backend_matrix_host_##NAME CALL;                        \
        va_end(rest.list);                                                      \
        return result;                                                          \
    }

#define ONE(RESULT, NAME, A) \
    VARIADIC(RESULT, NAME, a, (A a, ...), (A, Arguments *), (a, &rest))
#define TWO(RESULT, NAME, A, B) \
    VARIADIC(RESULT, NAME, b, (A a, B b, ...), (A, B, Arguments *), (a, b, &rest))
#define THREE(RESULT, NAME, A, B, C) \
    VARIADIC(RESULT, NAME, c, (A a, B b, C c, ...), (A, B, C, Arguments *), (a, b, c, &rest))
#define FOUR(RESULT, NAME, A, B, C, D)                                         \
    VARIADIC(RESULT, NAME, d, (A a, B b, C c, D d, ...), (A, B, C, D, Arguments *), \
             (a, b, c, d, &rest))

typedef void *Object;
typedef const char *Text;

ONE(Object, PyObject_CallFunctionObjArgs, Object)
TWO(Object, PyObject_CallMethodObjArgs, Object, Object)
ONE(Object, PyTuple_Pack, ptrdiff_t)

ONE(Object, PyUnicode_FromFormat, Text)
ONE(Object, PyBytes_FromFormat, Text)
TWO(Object, PyErr_Format, Object, Text)
THREE(int, PyErr_WarnFormat, Object, ptrdiff_t, Text)
THREE(int, PyErr_ResourceWarning, Object, ptrdiff_t, Text)
ONE(int, PySys_WriteStdout, Text)
ONE(int, PySys_WriteStderr, Text)
ONE(int, PySys_FormatStdout, Text)
ONE(int, PySys_FormatStderr, Text)
ONE(Object, Py_BuildValue, Text)
TWO(Object, PyObject_CallFunction, Object, Text)
THREE(Object, PyObject_CallMethod, Object, Text, Text)

TWO(int, PyArg_ParseTuple, Object, Text)
TWO(int, PyArg_Parse, Object, Text)
FOUR(int, PyArg_ParseTupleAndKeywords, Object, Object, Text, Object)
FOUR(int, PyArg_UnpackTuple, Object, Text, ptrdiff_t, ptrdiff_t)
