//! What kind of sentence a text is.

/// A sentence as lowercase words between single spaces, with one at each end.
pub(super) struct Words {
    plain: String,
    /// As it was written.
    pub text: String,
    asked: bool,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let lower = text.to_lowercase().replace(['’', '`'], "'");
        let mut plain = String::from(" ");
        for (at, c) in lower.char_indices() {
            // "99.9" and "node.js" keep their point, the end of a sentence does not.
            let inside = lower[at + c.len_utf8()..].starts_with(char::is_alphanumeric);
            if c.is_alphanumeric() || matches!(c, '%' | '$' | '\'') || c == '.' && inside {
                plain.push(c);
            } else if !plain.ends_with(' ') {
                plain.push(' ');
            }
        }
        for (long, short) in [
            ("what's", "what is"),
            ("whats", "what is"),
            ("why's", "why is"),
            ("how's", "how is"),
            ("where's", "where is"),
            ("who's", "who is"),
            ("there's", "there is"),
            ("it's", "it is"),
            ("i'd", "i would"),
            ("don't", "do not"),
            ("doesn't", "does not"),
            ("can't", "cannot"),
            ("what're", "what are"),
        ] {
            plain = plain.replace(&format!(" {long} "), &format!(" {short} "));
        }
        if !plain.ends_with(' ') {
            plain.push(' ');
        }
        Self { plain, text: text.trim().to_owned(), asked: text.trim_end().ends_with('?') }
    }

    /// Whether it has one of these phrases, given between bars.
    pub(super) fn has(&self, phrases: &str) -> bool {
        // A place where a word ends is a place where one can begin.
        let ends = self.plain.match_indices(' ').map(|(at, _)| &self.plain[at..]);
        ends.into_iter().any(|rest| phrases.split('|').any(|it| after(rest, it).is_some()))
    }

    pub(super) fn starts(&self, phrases: &str) -> bool {
        phrases.split('|').any(|it| after(&self.plain, it).is_some())
    }

    pub(super) fn count(&self) -> usize {
        self.plain.split_whitespace().count()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.plain.split_whitespace()
    }

    /// What is left after words of courtesy and of asking to be told.
    fn bare(&self) -> Self {
        let mut plain = self.plain.as_str();
        while let Some(rest) = LEAD.iter().find_map(|it| after(plain, it)) {
            plain = rest;
        }
        Self { plain: plain.to_owned(), text: self.text.clone(), asked: self.asked }
    }
}

/// What follows a phrase at the beginning of words between spaces, from the space on.
fn after<'a>(plain: &'a str, phrase: &str) -> Option<&'a str> {
    let rest = plain.strip_prefix(' ')?.strip_prefix(phrase)?;
    rest.starts_with(' ').then_some(rest)
}

const LEAD: &[&str] = &[
    "please", "so", "and", "but", "ok", "okay", "well", "also", "hi", "hello", "hey", "thanks",
    "then", "now", "hmm", "just", "actually", "sorry", "great", "nice", "cool", "right", "yes",
    "no",
];

/// The sentences of a text. A point within a number or a name ends none.
pub(super) fn sentences(text: &str) -> Vec<Words> {
    let mut out = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let ends = match byte {
            b'?' | b'!' | b'\n' => true,
            b'.' => bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace),
            _ => false,
        };
        if ends {
            out.push(Words::of(&text[start..=at]));
            start = at + 1;
        }
    }
    out.push(Words::of(&text[start..]));
    out.retain(|it| it.count() > 0);
    out
}

/// "Thanks", "hello", "help": nothing to change and nothing about the design.
pub(super) fn is_courtesy(it: &Words) -> bool {
    const ALONE: &str = "hi|hello|hey|hi there|good morning|good evening|thanks|thank you|thx|thank you very much|thanks a lot|\
        ok|okay|great|nice|cool|perfect|good|got it|i see|yes|no|help|help me|what can you do|what can i ask|\
        what can i do|what can i say|how does this work|how do i use this|who are you|what are you|\
        what is this|what do you do|bye|looks good|sounds good|that is all|never mind|how are you";
    ALONE.split('|').any(|phrase| it.plain.trim() == phrase.trim())
}

/// Whether a sentence asks, rather than orders.
pub(super) fn is_question(it: &Words) -> bool {
    let bare = it.bare();
    if bare.starts("how|what if|what about") {
        return !bare.starts("how about");
    }
    if is_polite_order(&bare) {
        return false;
    }
    if bare.has("vs|versus") && bare.has("good|better|best") {
        return true;
    }
    const ASKS: &str = "why|what|which|when|where|who|whose|explain|describe|compare|summarise|summarize|show me|show|list|tell me|\
        give me an overview|give me a summary|give me the|walk me through|\
        i do not understand|i wonder|i would like to know|i want to know|i need to know|remind me|\
        can you explain|can you tell|can you show|can you describe|can you list|can you compare|can you summarise|can you summarize|\
        could you explain|could you tell|could you show|could you describe|could you list|could you compare|would you explain|suppose|say we|imagine|\
        difference between|differences between|any idea";
    const VERBS: &str = "is|are|was|does|do|did|will|would|should|shall|has|have|can|could|may|must|am|isn't|aren't|won't|cannot";
    if bare.starts(ASKS) {
        // "Show product pictures from a CDN" describes; "list the parts" asks.
        let describes = bare.starts("show|list|describe|compare")
            && !bare.asked
            && !bare.starts(
                "show me|show the|show all|list the|list all|list what|list every|describe the|describe this|\
                 describe what|describe it|compare the|compare good|compare better|compare all|compare them|compare costs",
            );
        return !describes;
    }
    bare.asked || bare.starts(VERBS) && bare.count() > 2
}

/// "Can you add a cache?", "could we use Postgres instead?": said politely, meant
/// as an order.
fn is_polite_order(it: &Words) -> bool {
    const DO: &str = "add|use|make|move|remove|drop|replace|switch|change|double|triple|halve|increase|decrease|reduce|scale|swap|put|set|\
        include|turn|enable|disable|keep|upgrade|downgrade|limit|bring|migrate|host|introduce|convert|cut|lower|raise|go|run|deploy|\
        get rid|take out|throw out|split|encrypt|try|shrink|grow|plan|assume|design|build|create|avoid|exclude|rename|store|serve|connect";
    let first_of = |plain, words: &[&str]| words.iter().find_map(|it| after(plain, it));
    let asked = first_of(it.plain.as_str(), &["can", "could", "would", "will"])
        .and_then(|rest| first_of(rest, &["you", "we"]));
    if let Some(rest) = asked {
        let also = &["please", "also", "maybe", "perhaps", "just", "instead"];
        let rest = first_of(rest, also).unwrap_or(rest);
        if DO.split('|').any(|verb| after(rest, verb.trim()).is_some()) {
            return true;
        }
    }
    for lead in ["i want to", "i would like to", "i want", "let us", "let's", "how about"] {
        if it.starts(lead) && !it.starts("i want to know|i would like to know|i want to understand")
        {
            return true;
        }
    }
    let first = it.iter().next().unwrap_or_default();
    DO.split('|').any(|verb| verb.trim() == first) && first != "show"
}
