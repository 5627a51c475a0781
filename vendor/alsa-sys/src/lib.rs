//! `alsa-sys` with every function looked up in `libasound.so.2` when it is first called; see `README.md`.

#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals, dead_code, clippy::all)]
#![allow(unused_imports, unsafe_op_in_unsafe_fn, unnecessary_transmutes)]

use std::sync::OnceLock;

use libc::{pid_t, pollfd, timespec, timeval, FILE};

pub const SND_PCM_NONBLOCK: core::ffi::c_int = 0x1;
pub const SND_PCM_ASYNC: core::ffi::c_int = 0x2;

pub const SND_SEQ_OPEN_OUTPUT: i32 = 1;
pub const SND_SEQ_OPEN_INPUT: i32 = 2;
pub const SND_SEQ_OPEN_DUPLEX: i32 = SND_SEQ_OPEN_OUTPUT | SND_SEQ_OPEN_INPUT;
pub const SND_SEQ_NONBLOCK: i32 = 0x0001;
pub const SND_SEQ_ADDRESS_BROADCAST: u8 = 255;
pub const SND_SEQ_ADDRESS_SUBSCRIBERS: u8 = 254;
pub const SND_SEQ_ADDRESS_UNKNOWN: u8 = 253;
pub const SND_SEQ_QUEUE_DIRECT: u8 = 253;
pub const SND_SEQ_TIME_MODE_MASK: u8 = 1 << 1;
pub const SND_SEQ_TIME_STAMP_MASK: u8 = 1 << 0;
pub const SND_SEQ_TIME_MODE_REL: u8 = 1 << 1;
pub const SND_SEQ_TIME_STAMP_REAL: u8 = 1 << 0;
pub const SND_SEQ_TIME_STAMP_TICK: u8 = 0 << 0;
pub const SND_SEQ_TIME_MODE_ABS: u8 = 0 << 1;
pub const SND_SEQ_CLIENT_SYSTEM: u8 = 0;
pub const SND_SEQ_PORT_SYSTEM_TIMER: u8 = 0;
pub const SND_SEQ_PORT_SYSTEM_ANNOUNCE: u8 = 1;
pub const SND_SEQ_PRIORITY_HIGH: u8 = 1 << 4;
pub const SND_SEQ_EVENT_LENGTH_FIXED: u8 = 0 << 2;
pub const SND_SEQ_EVENT_LENGTH_MASK: u8 = 3 << 2;
pub const SND_SEQ_EVENT_LENGTH_VARIABLE: u8 = 1 << 2;
pub const SND_SEQ_EVENT_LENGTH_VARUSR: u8 = 2 << 2;

include!("types.rs");

/// Whether `libasound.so.2` is installed.
pub fn available() -> bool {
    library().is_some()
}

/// The handle of the library. It is never closed: cpal's threads may be in it until the process ends.
fn library() -> Option<usize> {
    static LIBRARY: OnceLock<Option<usize>> = OnceLock::new();
    *LIBRARY.get_or_init(|| {
        // SAFETY: the name ends in a zero byte; loading the library runs no code of ours.
        let handle = unsafe { libc::dlopen(c"libasound.so.2".as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        (!handle.is_null()).then_some(handle as usize)
    })
}

fn symbol(name: &core::ffi::CStr) -> Option<usize> {
    // SAFETY: the handle is that of a library that is never closed, and the name ends in a zero byte.
    let found = unsafe { libc::dlsym(library()? as *mut _, name.as_ptr()) };
    (!found.is_null()).then_some(found as usize)
}

/// What a function of a library that is not there returns.
trait Absent {
    fn absent() -> Self;
}

macro_rules! signed {
    ($($type:ty),*) => { $(impl Absent for $type { fn absent() -> $type { -(libc::ENOSYS as $type) } })* };
}
macro_rules! unsigned {
    ($($type:ty),*) => { $(impl Absent for $type { fn absent() -> $type { 0 } })* };
}
signed!(i16, i32, i64, isize);
unsigned!(u8, u16, u32, u64, usize);
impl<T> Absent for Option<T> {
    fn absent() -> Option<T> {
        None
    }
}
impl Absent for () {
    fn absent() {}
}
impl<T> Absent for *mut T {
    fn absent() -> *mut T {
        core::ptr::null_mut()
    }
}
impl<T> Absent for *const T {
    fn absent() -> *const T {
        core::ptr::null()
    }
}

macro_rules! functions {
    ($(fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)?;)*) => { $(
        pub unsafe extern "C" fn $name($($argument: $type),*) $(-> $result)? {
            static FOUND: OnceLock<Option<usize>> = OnceLock::new();
            let name = concat!(stringify!($name), "\0");
            let find = || symbol(core::ffi::CStr::from_bytes_with_nul(name.as_bytes()).ok()?);
            match *FOUND.get_or_init(find) {
                // SAFETY: the symbol of this name has this type, by ALSA's header; the rest is the caller's promise.
                Some(address) => {
                    let function: unsafe extern "C" fn($($type),*) $(-> $result)? =
                        unsafe { core::mem::transmute(address) };
                    unsafe { function($($argument),*) }
                }
                None => Absent::absent(),
            }
        }
    )* };
}

include!("functions.rs");

/// Keeps the library from writing to standard error on this thread: what goes wrong is returned as well.
pub fn hush() {
    unsafe extern "C" fn nothing(
        _: *const core::ffi::c_char,
        _: core::ffi::c_int,
        _: *const core::ffi::c_char,
        _: core::ffi::c_int,
        _: *const core::ffi::c_char,
        _: *mut __va_list_tag,
    ) {
    }
    // SAFETY: the handler has the type ALSA's header asks for, and reads nothing of what it is given.
    unsafe { snd_lib_error_set_local(Some(nothing)) };
}
