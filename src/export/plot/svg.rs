//! SVG text, element by element: what drawing needs of it, and no more.

use std::fmt::Write;

/// A picture under construction. Lengths are in pixels, styles are attributes with their quotes.
pub(super) struct Svg {
    text: String,
}

impl Svg {
    pub(super) fn new(width: f64, height: f64) -> Svg {
        let text = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='{width:.0}' height='{height:.0}' \
             viewBox='0 0 {width:.0} {height:.0}' font-family='sans-serif' fill='#222'>\n\
             <rect width='100%' height='100%' fill='#fff'/>\n"
        );
        Svg { text }
    }

    pub(super) fn text(&mut self, x: f64, y: f64, text: &str, style: &str) {
        self.add(format_args!("<text x='{x:.1}' y='{y:.1}' {style}>{}</text>\n", escaped(text)));
    }

    /// A rectangle: x, y, width, height; with what is said when pointed at.
    pub(super) fn rect(&mut self, [x, y, width, height]: [f64; 4], style: &str, title: Option<&str>) {
        let title = title.map_or(String::new(), |title| format!("<title>{}</title>", escaped(title)));
        self.add(format_args!(
            "<rect x='{x:.1}' y='{y:.1}' width='{width:.1}' height='{height:.1}' {style}>{title}</rect>\n"
        ));
    }

    /// A line from x, y to x, y.
    pub(super) fn line(&mut self, [x1, y1, x2, y2]: [f64; 4], style: &str) {
        self.add(format_args!("<line x1='{x1:.1}' y1='{y1:.1}' x2='{x2:.1}' y2='{y2:.1}' {style}/>\n"));
    }

    pub(super) fn polygon(&mut self, points: impl Iterator<Item = (f64, f64)>, style: &str) {
        self.points("polygon", points, style);
    }

    pub(super) fn polyline(&mut self, points: impl Iterator<Item = (f64, f64)>, style: &str) {
        self.points("polyline fill='none'", points, style);
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    fn points(&mut self, element: &str, points: impl Iterator<Item = (f64, f64)>, style: &str) {
        self.add(format_args!("<{element} points='"));
        for (x, y) in points {
            self.add(format_args!("{x:.1},{y:.1} "));
        }
        self.add(format_args!("' {style}/>\n"));
    }

    fn add(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.text.write_fmt(text);
    }
}

/// Text that no reader takes for markup, without the characters that XML 1.0 has no way to write.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
