//! Recordings of the vendor's tool, replayed.

use super::*;

/// A step at which the vendor's tool is wrong, and what is right.
struct Difference {
    recording: &'static str,
    /// The step, from 0.
    step: usize,
    /// The number in the list of the tool's defects.
    defect: u8,
    reason: &'static str,
    /// What is to be printed instead.
    stdout: &'static str,
    status: i32,
}

/// None of the recorded steps shows a defect.
const DIFFERENCES: &[Difference] = &[];

/// What a recording holds after each step: latch and direction of expanders, settings of boards.
fn recorded_state(world: &Value) -> Map<String, Value> {
    let chips = world["chips"].as_object().unwrap().iter();
    let state = |chip: &Value| match chip["kind"].as_str() {
        Some("ctrl") => ["order", "p", "u", "alert", "led", "act", "fan", "saved"]
            .map(|key| (key.to_owned(), chip.get(key).cloned().unwrap_or_default()))
            .into_iter()
            .collect(),
        _ => json!({"latch": chip["r"][1], "dir": chip["r"][3]}),
    };
    chips.map(|(bus, chip)| (bus.clone(), state(chip))).collect()
}

fn recordings() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut recordings: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap())
        })
        .collect();
    recordings.sort_by(|a: &(String, Value), b| a.0.cmp(&b.0));
    recordings
}

/// Differences of one step from its recording.
fn compare(name: &str, index: usize, step: &Value, tool: &Tool) -> Option<String> {
    let words: Vec<_> =
        step["argv"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let difference = DIFFERENCES.iter().find(|d| (d.recording, d.step) == (name, index));
    let expected = match difference {
        Some(difference) => (difference.stdout.to_owned(), difference.status),
        None => (step["stdout"].as_str().unwrap().to_owned(), step["rc"].as_i64().unwrap() as i32),
    };
    let said = tool.run(&words);
    let world = tool.world.read();
    let state = Value::Object(recorded_state(&world));
    let lines = world.get("gpio").cloned().unwrap_or_else(|| json!({}));
    let recorded = step.get("gpio").cloned().unwrap_or_else(|| json!({}));
    if said == expected && state == step["after"] && lines == recorded {
        return None;
    }
    let why = difference.map_or(String::new(), |d| format!(" (defect {}: {})", d.defect, d.reason));
    Some(format!(
        "{name}, step {index}, {words:?}{why}:\n  said {said:?}\n  not  {expected:?}\n  state {state} \
         {lines}\n  not   {} {recorded}",
        step["after"]
    ))
}

#[test]
fn recordings_replay() {
    let (mut steps, mut wrong) = (0, Vec::new());
    for (name, recording) in recordings() {
        let tool = Tool::new(&recording["world"]);
        for (index, step) in recording["steps"].as_array().unwrap().iter().enumerate() {
            steps += 1;
            wrong.extend(compare(&name, index, step, &tool));
        }
    }
    assert!(wrong.is_empty(), "{} of {steps} steps\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(steps, 490, "recordings are missing");
}
