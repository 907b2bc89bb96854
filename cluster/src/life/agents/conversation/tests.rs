use node_link::agent::Goodbye;
use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn node() -> NodeId {
    NodeId::from_number(3).unwrap()
}

fn hello() -> Message {
    let mut identity = Identity::new();
    identity.node = Some(node());
    Message::Hello(identity)
}

fn goodbye(reason: Goodbye) -> Message {
    Message::Goodbye { reason }
}

/// A conversation and its time.
struct Talk {
    conversation: Conversation,
    now: Instant,
}

impl Talk {
    fn new(was_live: bool) -> Self {
        let now = Instant::now();
        Self { conversation: Conversation::new(node(), was_live, now), now }
    }

    fn hear(&mut self, message: Message) -> Vec<Word> {
        let line = Reply { version: VERSION, id: None, message }.to_line();
        self.conversation.hear(line.as_bytes(), self.now)
    }

    fn pass(&mut self, time: Duration) -> Option<Word> {
        self.now += time;
        self.conversation.pass(self.now)
    }

    /// What is sent.
    fn sent(&mut self) -> Vec<Request> {
        let text = String::from_utf8(std::mem::take(self.conversation.out())).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty());
        lines.map(|line| Call::from_line(line.as_bytes()).unwrap().request).collect()
    }
}

const SUBSCRIBE: Request = Request::Subscribe { on: true };

#[test]
fn it_is_greeted_and_then_told_of_the_end() {
    let mut talk = Talk::new(false);
    assert_eq!(talk.sent(), [Request::Hello]);
    assert_eq!(talk.hear(hello()), [Word::Hello]);
    assert_eq!(talk.sent(), [SUBSCRIBE]);
    assert_eq!(talk.hear(Message::Done), []);
    assert_eq!(talk.hear(goodbye(Goodbye::Poweroff)), [Word::Goodbye]);
    assert_eq!(talk.sent(), [Request::Hello], "it may not go down after all");
    assert_eq!(talk.hear(hello()), [Word::Hello]);
}

#[test]
fn only_a_system_that_stays_down_says_goodbye() {
    for (reason, word) in [
        (Goodbye::Poweroff, Word::Goodbye),
        (Goodbye::Halt, Word::Goodbye),
        (Goodbye::Reboot, Word::Lost),
        (Goodbye::Stopped, Word::Lost),
        (Goodbye::Other, Word::Lost),
    ] {
        assert_eq!(Talk::new(true).hear(goodbye(reason)), [word]);
    }
}

#[test]
fn an_agent_that_does_not_answer_any_more_is_lost_and_may_come_back() {
    let mut talk = Talk::new(false);
    talk.hear(hello());
    talk.sent();
    for _ in 0..3 {
        assert_eq!(talk.pass(RENEWAL), None);
        assert_eq!(talk.sent(), [SUBSCRIBE]);
        assert_eq!(talk.conversation.due(), talk.now + ANSWER);
        assert_eq!(talk.hear(Message::Done), []);
        assert_eq!(talk.pass(ANSWER), None);
        talk.now -= ANSWER;
    }
    assert_eq!(talk.pass(RENEWAL), None);
    assert_eq!(talk.pass(ANSWER), Some(Word::Lost));
    assert_eq!(talk.sent(), [SUBSCRIBE], "one question at a time is not sent");
    assert_eq!(talk.pass(ANSWER), None, "it is lost once");
    assert_eq!(talk.pass(RENEWAL), None);
    assert_eq!(talk.sent(), [Request::Hello]);
    assert_eq!(talk.hear(hello()), [Word::Hello]);
}

#[test]
fn nobody_is_lost_who_was_not_there() {
    let mut talk = Talk::new(false);
    for _ in 0..10 {
        assert_eq!(talk.sent(), [Request::Hello]);
        assert_eq!(talk.pass(RENEWAL), None);
    }
    let mut again = Talk::new(true);
    assert_eq!(again.pass(ANSWER - SECOND), None);
    assert_eq!(again.pass(SECOND), Some(Word::Lost), "the port was somebody else's meanwhile");
}

#[test]
fn a_question_that_cannot_be_sent_is_not_repeated() {
    let mut talk = Talk::new(false);
    for _ in 0..100 {
        talk.pass(RENEWAL);
    }
    assert_eq!(talk.sent(), [Request::Hello]);
}

#[test]
fn noise_other_nodes_and_other_versions_are_not_heeded() {
    let mut talk = Talk::new(false);
    let now = talk.now;
    let mut other = Identity::new();
    other.node = NodeId::from_number(4).ok();
    let mut newer = Identity::new();
    (newer.node, newer.oldest, newer.newest) = (Some(node()), VERSION + 2, VERSION + 3);
    for message in [other, newer, Identity::new()].map(Message::Hello) {
        assert_eq!(talk.hear(message), []);
    }
    for noise in [&b"raspberrypi login: "[..], b"\n{}\n", b"\xff\0\x1b[2J\n", &[b'x'; 100_000]] {
        assert_eq!(talk.conversation.hear(noise, now), []);
    }
    assert_eq!(talk.conversation.hear(b"\n", now), []);
    assert_eq!(talk.hear(hello()), [Word::Hello]);
}

/// What can happen to a conversation.
#[derive(Clone, Debug)]
enum Step {
    Bytes(Vec<u8>),
    Hello,
    Goodbye(Goodbye),
    Done,
    Pass(u32),
    Sent,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let reasons = [Goodbye::Poweroff, Goodbye::Reboot, Goodbye::Stopped];
    let step = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200).prop_map(Step::Bytes),
        Just(Step::Hello),
        prop::sample::select(reasons.to_vec()).prop_map(Step::Goodbye),
        Just(Step::Done),
        (0..90u32).prop_map(Step::Pass),
        Just(Step::Sent),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// Whatever came before: an agent that answers is there, one that does not any more is lost once, and what waits to be sent is one
    /// question.
    #[test]
    fn it_always_comes_to_what_is_so(was_live: bool, steps in steps()) {
        let mut talk = Talk::new(was_live);
        let mut is_there = was_live;
        for step in steps {
            let words = match step {
                Step::Bytes(bytes) => {
                    let now = talk.now;
                    talk.conversation.hear(&bytes, now)
                }
                // The newline ends what noise has begun.
                Step::Hello => {
                    let now = talk.now;
                    let _ = talk.conversation.hear(b"\n", now);
                    talk.hear(hello())
                }
                Step::Goodbye(reason) => talk.hear(goodbye(reason)),
                Step::Done => talk.hear(Message::Done),
                Step::Pass(seconds) => talk.pass(SECOND * seconds).into_iter().collect(),
                Step::Sent => {
                    prop_assert!(talk.sent().len() <= 1);
                    Vec::new()
                }
            };
            for word in words {
                is_there = word == Word::Hello;
            }
            prop_assert_eq!(talk.conversation.is_live(), is_there);
            prop_assert!(talk.conversation.due() <= talk.now + RENEWAL);
        }
        let now = talk.now;
        let _ = talk.conversation.hear(b"\n", now);
        prop_assert_eq!(talk.hear(hello()), [Word::Hello]);
        talk.sent();
        let silent: Vec<_> = (0..10).filter_map(|_| talk.pass(RENEWAL)).collect();
        prop_assert_eq!(silent, [Word::Lost]);
        prop_assert!(!talk.conversation.is_live());
    }
}
