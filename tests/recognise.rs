//! Whether the speech can be understood: a recogniser that nobody here wrote, pocketsphinx, listens to a rendered
//! scene without beds.

use std::path::Path;
use std::process::Command;

use crate::show::{TestShow, has_program, python};

/// What is said, by whom.
const LINES: [(&str, &str); 8] = [
    ("ann", "There is somebody at the door."),
    ("ben", "It is only the wind and the rain."),
    ("ann", "I have been waiting for you for a year."),
    ("ben", "I told you that I would come back."),
    ("ann", "You said that you would write every day."),
    ("ben", "The letters are all in this box."),
    ("ann", "Give me the key and go away."),
    ("ben", "Please let me come in from the cold."),
];

/// The share of the words that must be recovered. It was 87 % (53 of 61) when this was written.
const ENOUGH: f64 = 0.75;

fn words(text: &str) -> Vec<String> {
    let letters =
        |word: &str| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    text.split_whitespace().map(letters).filter(|word| !word.is_empty()).collect()
}

/// How many words of `said` are in `heard`, in their order: the longest common subsequence.
fn recovered(said: &[String], heard: &[String]) -> usize {
    let mut row = vec![0; heard.len() + 1];
    for word in said {
        let mut diagonal = 0;
        for (index, other) in heard.iter().enumerate() {
            let above = row[index + 1];
            row[index + 1] = if word == other { diagonal + 1 } else { above.max(row[index]) };
            diagonal = above;
        }
    }
    row[heard.len()]
}

#[test]
#[expect(clippy::print_stdout, reason = "what was heard is worth seeing where a test fails")]
fn a_recogniser_recovers_most_words_of_a_scene() {
    let python = python();
    if !has_program(&python, &["-c", "import pocketsphinx"]) || !has_program("ffmpeg", &["-version"]) {
        return;
    }
    let entries: String =
        LINES.iter().map(|(by, line)| format!("{{ by = \"{by}\", line = \"{line}\" }},\n")).collect();
    let show = TestShow::with_script(&format!(
        "format = 1\ntitle = \"Words\"\ngap = {{ same = 0.5, turn = 0.5 }}\n\
         [cast.ann]\nvoice = {{ lang = \"en-US\" }}\npan = -0.2\n\
         [cast.ben]\nvoice = {{ lang = \"en-US\", timbre = 0.85, pitch = 0.9 }}\npan = 0.2\n\
         [[scene]]\nid = \"words\"\nscript = [\n{{ pause = 0.3 }},\n{entries}{{ pause = 0.3 }},\n]\n"
    ));
    let run = show.run(&["render", "-o", "words.wav"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let converted = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-i",
            "words.wav",
            "-ac",
            "1",
            "-ar",
            "16000",
            "-c:a",
            "pcm_s16le",
            "heard.wav",
        ])
        .current_dir(show.path(""))
        .status();
    assert!(converted.is_ok_and(|status| status.success()), "ffmpeg converts it");
    let timeline = show.json(&["check", "--dump", "timeline"]);
    // A quarter of a second more on either side, which is silence.
    let stretches =
        timeline["entries"].as_array().expect("entries").iter().filter(|entry| entry["kind"] == "line").map(
            |entry| {
                let frame = |what: &str| entry[what].as_u64().expect("a frame") / 3;
                format!("{}:{}", frame("start") - 4_000, frame("end") + 4_000)
            },
        );
    let output = Command::new(&python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recognise.py"))
        .arg("heard.wav")
        .args(stretches)
        .current_dir(show.path(""))
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let heard: Vec<String> = serde_json::from_slice(&output.stdout).expect("it answers in JSON");
    assert_eq!(heard.len(), LINES.len());
    let (mut found, mut all) = (0, 0);
    for ((by, line), heard) in LINES.iter().zip(&heard) {
        let said = words(line);
        let got = recovered(&said, &words(heard));
        println!("{by}: {got} of {}: {line} / {heard}", said.len());
        (found, all) = (found + got, all + said.len());
    }
    let share = found as f64 / all as f64;
    println!("{found} of {all} words: {:.0} %", share * 100.0);
    assert!(share >= ENOUGH, "{found} of {all} words");
}
