//! Entries that are not what was put there: made again, never heard.

use super::{bytes, entries, fresh, render, show};

pub(crate) type Damage = (&'static str, fn(&mut Vec<u8>));

/// Ways to damage a file.
pub(crate) fn damages() -> Vec<Damage> {
    vec![
        ("emptied", |it| it.clear()),
        ("cut in the head", |it| it.truncate(50)),
        ("cut by a byte", |it| {
            it.pop();
        }),
        ("longer by a byte", |it| it.push(0)),
        ("zeroed", |it| it.fill(0)),
        ("a bit of the mark", |it| it[3] ^= 1),
        ("a bit of the lengths", |it| it[17] ^= 0x80),
        ("a bit of the count", |it| it[25] ^= 4),
        ("a bit of the key", |it| it[40] ^= 1),
        ("a bit of the facts", |it| it[81] ^= 1),
        ("the first bit of the sound", |it| {
            let at = it.len() / 4;
            it[at] ^= 1;
        }),
        ("the last bit", |it| {
            let last = it.len() - 1;
            it[last] ^= 0x80;
        }),
    ]
}

#[test]
fn damaged_entries_are_reported_and_made_again() {
    let show = show();
    let first = render(&show, "out.wav");
    assert!(!first.stderr.contains("damaged"), "{}", first.stderr);
    let expected = fresh(&show);
    for (what, damage) in damages() {
        for entry in entries(&show) {
            let mut content = std::fs::read(&entry).unwrap();
            damage(&mut content);
            std::fs::write(&entry, content).unwrap();
        }
        std::fs::remove_file(show.path("out.wav")).unwrap();
        let run = render(&show, "out.wav");
        assert!(run.stderr.contains("damaged"), "{what}: {}", run.stderr);
        assert_eq!(bytes(&show, "out.wav"), expected, "{what}");
        // What was damaged is there again.
        std::fs::remove_file(show.path("out.wav")).unwrap();
        let run = render(&show, "out.wav");
        assert!(!run.stderr.contains("damaged"), "{what}: {}", run.stderr);
        assert_eq!(bytes(&show, "out.wav"), expected, "{what}");
    }
}

#[test]
fn another_entrys_content_is_not_taken_for_its_own() {
    let show = show();
    render(&show, "out.wav");
    let expected = fresh(&show);
    for kind in ["takes", "patches"] {
        let of_kind: Vec<_> =
            entries(&show).into_iter().filter(|it| it.parent().unwrap().ends_with(kind)).collect();
        std::fs::copy(&of_kind[0], &of_kind[1]).unwrap();
    }
    for entry in entries(&show).into_iter().filter(|it| it.parent().unwrap().ends_with("mixes")) {
        std::fs::remove_file(entry).unwrap();
    }
    std::fs::remove_file(show.path("out.wav")).unwrap();
    let run = render(&show, "out.wav");
    assert!(run.stderr.contains("2 damaged entries"), "{}", run.stderr);
    assert_eq!(bytes(&show, "out.wav"), expected);
}
