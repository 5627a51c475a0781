//! The colours of a sheet: few enough that a pixel is one byte.

/// Colours of a spectrogram, from nothing to the loudest.
pub(super) const HEAT: u8 = 96;
/// Shades of grey, from the paper to the brightest letter.
const INK: u8 = 48;
/// The first shade: the paper itself.
pub(super) const PAPER: u8 = HEAT;
/// Text that is read first.
pub(super) const TEXT: u8 = INK - 1;
/// Text that explains.
pub(super) const SOFT: u8 = 36;
/// Text that may be overlooked.
pub(super) const DIM: u8 = 25;
/// A waveform's peaks.
pub(super) const PEAK: u8 = HEAT + INK;
/// A waveform's power.
pub(super) const POWER: u8 = PEAK + 1;
/// Where a sound lands.
pub(super) const MARK: u8 = PEAK + 2;

/// The dark that both pictures lie on, and the paper around them.
const DARK: [f64; 3] = [6.0, 8.0, 18.0];
const AROUND: [f64; 3] = [17.0, 20.0, 29.0];
const WHITE: [f64; 3] = [240.0, 242.0, 247.0];

/// Places on the way from nothing to the loudest: brightness never falls, so that it is read as level without a
/// legend, by the colour-blind too.
const STOPS: [(f64, [f64; 3]); 7] = [
    (0.0, DARK),
    (0.18, [27.0, 22.0, 66.0]),
    (0.38, [92.0, 30.0, 116.0]),
    (0.56, [174.0, 50.0, 106.0]),
    (0.74, [236.0, 103.0, 72.0]),
    (0.89, [252.0, 180.0, 86.0]),
    (1.0, [255.0, 246.0, 205.0]),
];

/// The shade of ink that covers the paper to `strength` of [`TEXT`].
pub(super) fn ink(strength: u8) -> u8 {
    PAPER + strength.min(TEXT)
}

/// Every colour: red, green, blue.
pub(super) fn colours() -> Vec<u8> {
    let heat = (0..HEAT).map(|n| heat(f64::from(n) / f64::from(HEAT - 1)));
    let ink = (0..INK).map(|n| between(AROUND, WHITE, f64::from(n) / f64::from(INK - 1)));
    let others = [[96.0, 84.0, 132.0], [214.0, 190.0, 232.0], [84.0, 200.0, 255.0]];
    heat.chain(ink).chain(others).flat_map(|colour| colour.map(byte)).collect()
}

fn heat(x: f64) -> [f64; 3] {
    let next = STOPS.iter().position(|&(at, _)| at >= x).unwrap_or(STOPS.len() - 1).max(1);
    let ((from, low), (to, high)) = (STOPS[next - 1], STOPS[next]);
    between(low, high, (x - from) / (to - from))
}

fn between(from: [f64; 3], to: [f64; 3], x: f64) -> [f64; 3] {
    [0, 1, 2].map(|n| from[n] + (to[n] - from[n]) * x)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded; the cast saturates")]
fn byte(x: f64) -> u8 {
    x.round() as u8
}
