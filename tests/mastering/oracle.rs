//! Our meter beside one that others wrote: the crate `ebur128`.

use ebur128::{EbuR128, Mode};

use super::{check_near, noise, stereo, true_peak_oracle};

/// Noise whose level and colour keep changing: speech without words.
pub(super) fn programme(seconds: usize, hz: u32) -> Vec<f32> {
    let mut low = [0.0_f32; 2];
    noise(11, seconds * hz as usize * 2)
        .iter()
        .enumerate()
        .map(|(index, x)| {
            let time = (index / 2) as f64 / f64::from(hz);
            let syllable = super::single(0.5 - 0.5 * libm::cos(time * 23.0));
            let phrase = super::single(0.55 + 0.45 * libm::sin(time * 0.9));
            let low = &mut low[index % 2];
            *low += (x - *low) * 0.08;
            (*low * 2.0 + x * 0.1) * syllable * phrase * phrase
        })
        .collect()
}

#[test]
fn the_meter_agrees_with_another() {
    for hz in [44_100, 48_000, 88_200, 96_000, 192_000] {
        let signal = programme(20, hz);
        let ours = stereo(hz, &signal).measures();
        let mut other = EbuR128::new(2, hz, Mode::all()).expect("a meter");
        // Piece by piece, to ask for the highest windows.
        let (mut momentary, mut short_term) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for piece in signal.chunks(hz as usize / 100 * 2) {
            other.add_frames_f32(piece).expect("frames");
            momentary = momentary.max(other.loudness_momentary().expect("a value"));
            short_term = short_term.max(other.loudness_shortterm().expect("a value"));
        }
        let name = |what: &str| format!("{what} at {hz} Hz");
        let integrated = ours.integrated.expect("it sounds").lufs();
        check_near(&name("integrated"), integrated, other.loudness_global().expect("a value"), 0.01);
        check_near(&name("momentary"), ours.momentary.expect("it sounds").value.lufs(), momentary, 0.01);
        check_near(&name("short-term"), ours.short_term.expect("it sounds").value.lufs(), short_term, 0.01);
        // Its filter has twelve taps a phase where ours has 32, and hears less of the highest octave's end.
        let peak = (0..2).map(|c| other.true_peak(c).expect("a value")).fold(0.0, f64::max);
        let above = f64::from(ours.true_peak.expect("it sounds").value.dbtp()) - 20.0 * libm::log10(peak);
        assert!((-0.1..=0.5).contains(&above), "{}: {above} dB above the other's", name("true peak"));
    }
}

#[test]
fn the_true_peak_is_that_of_a_much_finer_look() {
    let signal = programme(5, 48_000);
    let fine = (0..2).map(|c| true_peak_oracle(&super::channel(&signal, c))).fold(0.0, f64::max);
    let ours = stereo(48_000, &signal).measures().true_peak.expect("it sounds").value.dbtp();
    check_near("true peak", f64::from(ours), 20.0 * libm::log10(fine), 0.2);
}
