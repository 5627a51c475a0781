//! Where an output goes: a person's template, filled with what a script says, which never leads anywhere else.

use std::fmt;

/// What stands in braces in a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The script's file name without its ending.
    Episode,
    /// The episode's title.
    Title,
    /// The series.
    Series,
    /// The episode's number.
    Number,
    /// What it is mastered for; nothing for what is not mastered.
    Preset,
    /// The scene's id; nothing for what is no scene.
    Scene,
    /// What it is: the episode's name, `scenes/01-knock`, `stems/bus/01-dialogue`.
    Part,
}

impl Field {
    /// Every field with its word.
    pub const ALL: [(&'static str, Field); 7] = [
        ("episode", Field::Episode),
        ("title", Field::Title),
        ("series", Field::Series),
        ("number", Field::Number),
        ("preset", Field::Preset),
        ("scene", Field::Scene),
        ("part", Field::Part),
    ];
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(Field),
}

/// A path with fields in it, `/` between its names, without an ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// Why a template cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateError {
    /// There is no such field.
    UnknownField(String),
    /// A brace has no partner.
    Brace,
    /// It leads out of the folder that is written to.
    Outside,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TemplateError::UnknownField(field) => {
                let known: Vec<String> = Field::ALL.iter().map(|(word, _)| format!("{{{word}}}")).collect();
                write!(f, "there is no `{{{field}}}`; a name is made of {}", known.join(", "))
            }
            TemplateError::Brace => f.write_str("a brace has no partner"),
            TemplateError::Outside => {
                f.write_str("it leads out of the folder that is written to; choose that by `-o`")
            }
        }
    }
}

impl std::error::Error for TemplateError {}

/// The longest name that a field may make of what a script says, in bytes: file systems allow 255, endings and
/// temporary names need some.
const LONGEST: usize = 120;

impl Template {
    /// `{episode}/{part}`, and with several presets `{episode}/{preset}/{part}`.
    pub fn usual(presets: usize) -> Template {
        let slash = || Piece::Text("/".to_owned());
        let mut pieces = vec![Piece::Field(Field::Episode), slash()];
        if presets > 1 {
            pieces.extend([Piece::Field(Field::Preset), slash()]);
        }
        pieces.push(Piece::Field(Field::Part));
        Template { pieces }
    }

    /// Reads a template.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub fn parse(text: &str) -> Result<Template, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let brace = rest.find(['{', '}']).unwrap_or(rest.len());
            if brace > 0 {
                pieces.push(Piece::Text(rest[..brace].replace('\\', "/")));
                rest = &rest[brace..];
                continue;
            }
            let inside = rest.strip_prefix('{').ok_or(TemplateError::Brace)?;
            let (field, after) = inside.split_once('}').ok_or(TemplateError::Brace)?;
            let known = Field::ALL.iter().find(|(word, _)| *word == field);
            let (_, field) = known.ok_or_else(|| TemplateError::UnknownField(field.to_owned()))?;
            pieces.push(Piece::Field(*field));
            rest = after;
        }
        let template = Template { pieces };
        let tried = template.fill(|_| "x".to_owned());
        let leads_out = |name: &str| name == ".." || name.contains(':');
        if tried.starts_with('/') || text.starts_with('/') || tried.split('/').any(leads_out) {
            return Err(TemplateError::Outside);
        }
        Ok(template)
    }

    /// The path with every field filled in, `/` between names. Names that come out empty are left out, and what a
    /// field says cannot add one: only [`Field::Part`], which we make, has folders.
    pub fn fill(&self, value: impl Fn(Field) -> String) -> String {
        let mut path = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => path += text,
                Piece::Field(Field::Part) => path += &value(Field::Part),
                Piece::Field(field) => path += &file_name(&value(*field)),
            }
        }
        let names: Vec<&str> = path.split('/').map(str::trim).filter(|name| !name.is_empty()).collect();
        names.join("/")
    }
}

/// A text as a file's name on every system: without what separates folders, what a shell or Windows takes for
/// something else, control characters, and dots or blanks at its ends.
pub fn file_name(text: &str) -> String {
    let allowed = |c: char| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
        c if c.is_control() => '_',
        // Marks of direction would show another name than there is.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '_',
        c => c,
    };
    let name: String = text.chars().map(allowed).collect();
    let name = name.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let end = name.floor_char_boundary(LONGEST);
    let name = name[..end].trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    let stem = name.split('.').next().unwrap_or("").to_ascii_uppercase();
    let device = ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str())
        || (stem.len() == 4
            && (stem.starts_with("COM") || stem.starts_with("LPT"))
            && stem.as_bytes()[3].is_ascii_digit());
    if device { format!("_{name}") } else { name.to_owned() }
}
