//! The live preview: the same samples as the render, whatever plays them, and a transport that does as it is told.

#![expect(clippy::float_cmp, reason = "where these tests compare exactly, exactness is the claim")]

mod allocations;
mod callback;
mod exchange;
mod file;
mod places;
mod prepare;
mod rates;
mod server;
mod settled;
mod sound;
mod transport;
mod watch;

use crate::show::TestShow;

/// Two scenes with rooms, a bed across lines, ducking, a pan that moves, and takes: everything that remembers.
fn episode() -> TestShow {
    let tone = |hz: f32, seconds: f32| -> Vec<f32> {
        let frames = (seconds * 48_000.0) as usize;
        (0..frames).map(|frame| 0.2 * (frame as f32 * hz * std::f32::consts::TAU / 48_000.0).sin()).collect()
    };
    TestShow::with_script(
        "format = 1\ntitle = \"Heard\"\n[cast.ann]\n[cast.ben]\npan = 0.3\n[sound.hum]\nfile = \"sfx/hum.wav\"\n\
         [sound.bell]\nfile = \"sfx/bell.wav\"\n[place.hall]\nroom = \"hall\"\n\
         [bus.ambience]\nduck = { under = \"dialogue\" }\n\
         [[scene]]\nid = \"one\"\ntitle = \"The first\"\nplace = \"hall\"\nscript = [\n\
         { bed = \"hum\", from = \"scene.start\", to = \"scene.end\", fade = 0.4 },\n\
         { id = \"a\", by = \"ann\", line = \"One.\" },\n{ id = \"b\", by = \"ben\", line = \"Two.\" },\n\
         { sfx = \"bell\", at = \"b.end-200ms\", pan = [-1, 1] },\n{ pause = 0.4 },\n\
         { id = \"c\", by = \"ann\", line = \"Three.\", through = \"telephone\" },\n]\n\
         [[scene]]\nid = \"two\"\ntitle = \"The second\"\nscript = [\n\
         { id = \"d\", by = \"ben\", line = \"Four.\" },\n{ id = \"e\", by = \"ann\", line = \"Five.\" },\n]\n",
    )
    .clip("voices/ann/a.wav", &tone(220.0, 1.3))
    .clip("voices/ben/b.wav", &tone(130.0, 1.1))
    .clip("voices/ann/c.wav", &tone(330.0, 1.7))
    .clip("voices/ben/d.wav", &tone(160.0, 1.2))
    .clip("voices/ann/e.wav", &tone(250.0, 0.9))
    .clip("sfx/hum.wav", &tone(60.0, 1.9))
    .clip("sfx/bell.wav", &tone(880.0, 1.5))
}
