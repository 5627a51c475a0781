//! The only file that calls the C library SVOX Pico: a safe, repeatable [`Synthesizer`].
//!
//! Pico keeps all its state in one block of memory its caller provides. Memory that is not zero to begin with, and
//! whatever an earlier utterance left there, are heard in the sound. So the block starts as zeros, is recorded
//! once the voice is loaded, and is put back to exactly that before each utterance: the same text gives the same
//! samples, whatever was said before and on whichever thread.
//!
//! The input is Pico's own, markup included. Markup can write files, so only [`crate::speech::pico::text`] may
//! make it from a script's words.

#![expect(unsafe_code, reason = "binds a C library")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::ptr::{self, NonNull};

use ttspico_sys as sys;

/// The memory Pico gets, in 8-byte words: 4 MiB. The largest voice (fr-FR) and an engine take less than 3 MiB.
const ARENA_WORDS: usize = 4 << 17;
/// Pico's own name for the one voice each system defines.
const VOICE: &CStr = c"voice";
/// How many samples are taken at a time, as many as one of Pico's frames has; and their bytes.
const OUTPUT_SAMPLES: usize = 64;
const OUTPUT_BYTES: i16 = 128;
/// How many bytes of text are given at a time; Pico's buffer holds 256.
const INPUT_BYTES: usize = 128;

/// One loaded voice. Dropping it frees everything: no file stays open.
pub(crate) struct Synthesizer {
    arena: Arena,
    /// The arena as it was after loading, without the zeros at its end.
    loaded: Box<[u64]>,
    system: sys::pico_System,
}

// SAFETY: `system` points into `arena`, which moves to the other thread together with it, and no function of Pico
// depends on the thread it is called from. Pico's only variable outside the arena is a counter in `picosig.c` that
// nothing reads.
unsafe impl Send for Synthesizer {}

impl Synthesizer {
    /// Loads a voice from its two files, which are not needed afterwards.
    ///
    /// # Errors
    /// What Pico or the path had against it.
    pub(crate) fn load(files: [&Path; 2]) -> Result<Synthesizer, String> {
        let mut arena = Arena::new();
        let mut system: sys::pico_System = ptr::null_mut();
        let size = u32::try_from(ARENA_WORDS * size_of::<u64>()).map_err(|e| e.to_string())?;
        // SAFETY: the arena is `size` bytes, aligned to 8 as Pico's own allocator aligns, and outlives the system.
        check(unsafe { sys::pico_initialize(arena.0.as_ptr().cast::<c_void>(), size, &raw mut system) })?;
        // SAFETY: the system was just made, and the name ends with a NUL.
        check(unsafe { sys::pico_createVoiceDefinition(system, VOICE.as_ptr().cast()) })?;
        let mut resources: [sys::pico_Resource; 2] = [ptr::null_mut(); 2];
        let mut outcome = Ok(());
        for (file, resource) in files.into_iter().zip(&mut resources) {
            outcome = outcome.and_then(|()| add(system, file, resource));
        }
        let loaded = arena.used();
        for resource in resources.iter_mut().filter(|resource| !resource.is_null()) {
            // Pico closes a voice's file only when it unloads it. `loaded` still has the voice, and the file
            // handle in it is never used again: only loading and unloading touch it.
            // SAFETY: the resource was loaded into this system, and no engine uses it.
            check(unsafe { sys::pico_unloadResource(system, &raw mut *resource) })?;
        }
        outcome.map(|()| Synthesizer { arena, loaded, system })
    }

    /// Says `input`, handing over its samples piece by piece until `take` has had enough.
    ///
    /// # Errors
    /// What Pico had against it.
    pub(crate) fn speak(
        &mut self,
        input: &[u8],
        mut take: impl FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), String> {
        self.arena.restore(&self.loaded);
        let mut engine: sys::pico_Engine = ptr::null_mut();
        // SAFETY: the arena is as it was when the system had its voice loaded and no engine. Its pointers are
        // valid because the arena has not moved.
        check(unsafe { sys::pico_newEngine(self.system, VOICE.as_ptr().cast(), &raw mut engine) })?;
        // The NUL at the end makes Pico say what it holds back until it knows how a sentence goes on.
        for mut left in input.chunks(INPUT_BYTES).chain([&b"\0"[..]]) {
            while !left.is_empty() {
                let mut put = 0;
                let length = i16::try_from(left.len()).map_err(|e| e.to_string())?;
                // SAFETY: the engine was made above, and `left` holds `length` bytes.
                check(unsafe { sys::pico_putTextUtf8(engine, left.as_ptr(), length, &raw mut put) })?;
                left = match usize::try_from(put) {
                    Ok(put) if put > 0 => &left[put.min(left.len())..],
                    _ => return Err("Pico takes no more text".to_owned()),
                };
                if drain(engine, &mut take)?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Takes all the sound that the text put so far gives.
fn drain(
    engine: sys::pico_Engine,
    take: &mut impl FnMut(&[i16]) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, String> {
    let mut samples = [0_i16; OUTPUT_SAMPLES];
    loop {
        let (mut received, mut kind) = (0, 0);
        let buffer = samples.as_mut_ptr().cast::<c_void>();
        // SAFETY: the buffer has room for that many bytes.
        let status =
            unsafe { sys::pico_getData(engine, buffer, OUTPUT_BYTES, &raw mut received, &raw mut kind) };
        let got = usize::try_from(received).unwrap_or(0) / 2;
        if got > 0 && take(&samples[..got.min(samples.len())]).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        match status {
            sys::PICO_STEP_BUSY => {}
            sys::PICO_STEP_IDLE => return Ok(ControlFlow::Continue(())),
            _ => return Err(message(engine, status)),
        }
    }
}

/// The memory Pico works in. It never moves, and is reached only through its raw pointer, because Pico keeps
/// pointers into it.
struct Arena(NonNull<[u64; ARENA_WORDS]>);

impl Arena {
    fn new() -> Arena {
        let words: Box<[u64]> = vec![0; ARENA_WORDS].into_boxed_slice();
        Arena(NonNull::from(Box::leak(words)).cast())
    }

    /// What it holds, without the zeros at its end.
    fn used(&mut self) -> Box<[u64]> {
        // SAFETY: the arena is alive, and Pico runs only inside calls, of which there is none now.
        let words: &[u64] = unsafe { self.0.as_ref() };
        words[..words.iter().rposition(|&word| word != 0).map_or(0, |last| last + 1)].into()
    }

    /// Makes it hold `used` and zeros.
    fn restore(&mut self, used: &[u64]) {
        // SAFETY: as in [`Arena::used`].
        let words: &mut [u64] = unsafe { self.0.as_mut() };
        let (head, tail) = words.split_at_mut(used.len());
        head.copy_from_slice(used);
        tail.fill(0);
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: `new` leaked exactly this box, and nothing uses it any more.
        drop(unsafe {
            Box::from_raw(ptr::slice_from_raw_parts_mut(self.0.as_ptr().cast::<u64>(), ARENA_WORDS))
        });
    }
}

/// Loads one file and makes it part of the voice.
fn add(system: sys::pico_System, file: &Path, resource: &mut sys::pico_Resource) -> Result<(), String> {
    let path = c_path(file)?;
    // SAFETY: the path ends with a NUL.
    check(unsafe { sys::pico_loadResource(system, path.as_ptr().cast(), &raw mut *resource) })?;
    let mut name = [0 as c_char; sys::PICO_RETSTRINGSIZE];
    // SAFETY: `name` is as long as Pico's longest answer, and the resource was just loaded.
    check(unsafe { sys::pico_getResourceName(system, *resource, name.as_mut_ptr()) })?;
    // SAFETY: both names end with a NUL.
    check(unsafe {
        sys::pico_addResourceToVoiceDefinition(system, VOICE.as_ptr().cast(), name.as_ptr().cast())
    })
}

fn check(status: sys::pico_Status) -> Result<(), String> {
    if status < 0 { Err(format!("Pico's status {status}")) } else { Ok(()) }
}

fn message(engine: sys::pico_Engine, status: sys::pico_Status) -> String {
    let mut text: sys::pico_Retstring = [0; sys::PICO_RETSTRINGSIZE];
    // SAFETY: `text` is as long as Pico's longest answer.
    unsafe { sys::pico_getEngineStatusMessage(engine, status, text.as_mut_ptr()) };
    let bytes: Vec<u8> = text.iter().map(|&c| c.cast_unsigned()).take_while(|&b| b != 0).collect();
    format!("Pico's status {status}: {}", String::from_utf8_lossy(&bytes))
}

#[cfg(unix)]
fn c_path(path: &Path) -> Result<CString, String> {
    use std::os::unix::ffi::OsStrExt as _;
    CString::new(path.as_os_str().as_bytes()).map_err(|e| e.to_string())
}

/// Elsewhere C opens files by the system's narrow alphabet; only its common part is certain to arrive.
#[cfg(not(unix))]
fn c_path(path: &Path) -> Result<CString, String> {
    let name = path.to_str().filter(|name| name.is_ascii());
    let name = name.ok_or_else(|| format!("Pico cannot open `{}`: use plain letters", path.display()))?;
    CString::new(name).map_err(|e| e.to_string())
}

impl fmt::Debug for Synthesizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Synthesizer").finish_non_exhaustive()
    }
}
