//! The words a script directs with: how near a sound is, what it is heard through, which room it is in.
//!
//! Only the words: what they do to the sound is the mixer's.

macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $vdoc:literal])+ $variant:ident => $word:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $vdoc])+ $variant,)+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &[$name] = &[$($name::$variant,)+];

            /// The word a script uses.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            /// The one a word names.
            pub fn from_word(word: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|it| it.word() == word)
            }
        }
    };
}

words! {
    /// How near a sound is to the listener: `as` in a script.
    Perspective {
        /// At the ear, dry: an inner voice.
        Close => "close",
        /// In the room.
        Room => "room",
        /// At the other end of it.
        Far => "far",
        /// Out of sight: round a corner, off stage.
        Off => "off",
    }
}

words! {
    /// What stands, or what line runs, between a sound and the listener: `through` in a script.
    Through {
        /// A telephone's earpiece.
        Telephone => "telephone",
        /// A small radio's loudspeaker.
        Radio => "radio",
        /// A door's intercom.
        Intercom => "intercom",
        /// A closed door.
        Door => "door",
        /// A wall.
        Wall => "wall",
        /// A closed window.
        Window => "window",
        /// Under water.
        Underwater => "underwater",
    }
}

words! {
    /// How a line is spoken: `mood` in a script.
    Mood {
        /// Without voice, all breath.
        Whisper => "whisper",
        /// Low and near.
        Quiet => "quiet",
        /// Warm and slow.
        Tender => "tender",
        /// Flat and without warmth.
        Cold => "cold",
        /// Tired, falling.
        Weary => "weary",
        /// Pressed for time.
        Urgent => "urgent",
        /// Hard and loud.
        Angry => "angry",
        /// At the top of the voice.
        Shout => "shout",
        /// Close to tears.
        Broken => "broken",
        /// Light and quick.
        Bright => "bright",
        /// Dry, a smile held back.
        Wry => "wry",
        /// Rough and short of breath.
        Hoarse => "hoarse",
        /// Begging.
        Pleading => "pleading",
        /// Nothing in particular.
        Plain => "plain",
    }
}

words! {
    /// What an episode is mastered for: `deliver` in a script.
    Preset {
        /// Podcasts, stereo.
        Podcast => "podcast",
        /// Podcasts, mono.
        PodcastMono => "podcast-mono",
        /// European broadcasting, EBU R 128.
        EbuR128 => "ebu-r128",
        /// American television, ATSC A/85.
        AtscA85 => "atsc-a85",
        /// Audiobooks on ACX.
        Acx => "acx",
        /// Spotify.
        Spotify => "spotify",
        /// American public radio.
        Prss => "prss",
        /// Nothing in particular: the mix as it is.
        None => "none",
    }
}

words! {
    /// A room that exists without a recording of it: `place.room` in a script. Its figures are in `dsp::room`.
    Room {
        /// A cupboard full of coats.
        Cupboard => "cupboard",
        /// The hallway of a house: narrow, hard floor, bare walls.
        Hall => "hall",
        /// A furnished living room.
        LivingRoom => "living-room",
        /// A kitchen: tiles, a table, little cloth.
        Kitchen => "kitchen",
        /// A tiled bathroom.
        Bathroom => "bathroom",
        /// A stone stairwell over several floors.
        Stairwell => "stairwell",
        /// A large church.
        Church => "church",
        /// A street between houses.
        Street => "street",
        /// A wood: no walls, many trunks.
        Forest => "forest",
        /// A garden behind a house.
        Garden => "garden",
        /// A yard with walls on all sides, open above.
        Yard => "yard",
        /// The inside of a car.
        Car => "car",
        /// Nowhere: long and soft, as things are remembered.
        Memory => "memory",
        /// No room at all.
        None => "none",
    }
}
