"""A builtin function or method that does nothing while an answer runs, whoever calls it and under whatever name.

Every call of a builtin, by an alias, from `map`, in a thread, by a method that was bound long before, ends at one entry
of a table of CPython's own (PyMethodDef), and that entry is changed here. It can't raise: whoever calls gets None.
"""

import ctypes
import sys
import types

KINDS = {types.MethodDescriptorType: 40, types.BuiltinFunctionType: 16}  # where the object has its entry, in bytes
VARARGS, KEYWORDS, NOARGS, ONE, FAST = 0x1, 0x2, 0x4, 0x8, 0x80
ARGUMENTS = {  # flags of an entry -> the C types of what follows `self`
    VARARGS: (ctypes.c_void_p,),
    NOARGS: (ctypes.c_void_p,),
    ONE: (ctypes.c_void_p,),
    VARARGS | KEYWORDS: (ctypes.c_void_p, ctypes.c_void_p),
    FAST: (ctypes.c_void_p, ctypes.c_ssize_t),
    FAST | KEYWORDS: (ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_void_p),
}
_kept = []  # C calls what lies here


class Entry(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int)]


def entry_of(thing) -> Entry | None:
    """Its entry; None where this Python has it elsewhere, or calls it in a way that is not known here."""
    offset = KINDS.get(type(thing))
    if offset is None or sys.implementation.name != "cpython" or object.__basicsize__ != 16:
        return None
    address = ctypes.c_void_p.from_address(id(thing) + offset).value
    entry = Entry.from_address(address) if address else None
    known = entry is not None and entry.flags & 0x8F in ARGUMENTS
    return entry if known and entry.name.decode() == thing.__name__ else None


def close(thing, asked) -> bool:
    """Let calls through for which `asked(the calling frame)` is true; whether that can be done."""
    entry = entry_of(thing)
    if entry is None:
        return False
    shape = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, *ARGUMENTS[entry.flags & 0x8F])
    real = shape(entry.function)

    def instead(*arguments):
        return real(*arguments) if asked(sys._getframe(1)) else None

    _kept.append(made := shape(instead))
    entry.function = ctypes.cast(made, ctypes.c_void_p).value
    return True
