//! Nodes and boards by Redfish, as a client of the program has them.

use super::{Service, reset};
use serde_json::{Value, json};

const P1: &str = "/redfish/v1/Systems/p1";
const RESET: &str = "/redfish/v1/Systems/p1/Actions/ComputerSystem.Reset";
const RESET_SEVERAL: &str = "/redfish/v1/AggregationService/Actions/AggregationService.Reset";
const SESSIONS: &str = "/redfish/v1/SessionService/Sessions";

#[test]
fn a_node_is_switched_and_its_power_state_is_read_back() {
    let daemon = Service::new();
    assert_eq!(daemon.get(P1)["PowerState"], "Off");
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("On"))));
    assert_eq!(daemon.get(P1)["PowerState"], "On");
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("PowerCycle"))));
    assert_eq!(daemon.get(P1)["PowerState"], "On");
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("ForceOff"))));
    assert_eq!(daemon.get(P1)["PowerState"], "Off");
    let tasks = daemon.get("/redfish/v1/TaskService/Tasks?$expand=.");
    let ended = |task: &Value| task["TaskState"] == "Completed" && task["PercentComplete"] == 100;
    assert!(tasks["Members"].as_array().unwrap().iter().all(ended), "{tasks}");
}

#[test]
fn a_graceful_shutdown_says_so_until_the_node_has_halted() {
    let daemon = Service::new();
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("On"))));
    daemon.wait_for(P1, |node| node["BootProgress"]["LastState"] == "OSRunning");
    let answer = daemon.ask("POST", RESET, Some(&reset("GracefulShutdown")));
    if answer.status == 202 {
        // It may have halted since.
        let state = daemon.get(P1)["PowerState"].clone();
        assert!(state == "PoweringOff" || state == "Off", "{state}");
    }
    daemon.settle(&answer);
    assert_eq!(daemon.get(P1)["PowerState"], "Off");
}

#[test]
fn an_action_on_a_node_that_is_not_as_it_was_known_is_refused() {
    let daemon = Service::new();
    let tag = daemon.ask("GET", P1, None).header("etag").to_owned();
    let on = reset("On");
    let switch = |headers: &[(&str, &str)]| daemon.ask_with("POST", RESET, headers, Some(&on));
    let stale = [("If-Match", "\"0\"")];
    assert_eq!(switch(&stale).messages(), ["PreconditionFailed"]);
    assert_eq!(daemon.ask_with("GET", P1, &stale, None).status, 412);
    let body = json!({"ResetType": "On", "TargetURIs": [P1]}).to_string();
    let several = daemon.ask_with("POST", RESET_SEVERAL, &stale, Some(&body));
    assert_eq!(several.status, 412, "{several:?}");
    assert_eq!(daemon.get(P1)["PowerState"], "Off");
    // Sent again, since the answer was lost: the node is another by then, and by this request.
    let again = [("If-Match", tag.as_str()), ("Idempotency-Key", "a")];
    daemon.settle(&switch(&again));
    assert_eq!(daemon.get(P1)["PowerState"], "On");
    assert_eq!(switch(&again).status, 204);
    assert_eq!(switch(&again[..1]).status, 412);
}

#[test]
fn several_nodes_are_staggered_and_can_be_stopped() {
    let daemon = Service::new();
    let targets =
        ["p1", "p2", "p3"].map(|node| json!({"@odata.id": format!("/redfish/v1/Systems/{node}")}));
    let body = json!({"ResetType": "On", "TargetURIs": targets, "DelayBetweenBatchesInSeconds": 30, "BatchSize": 1});
    let answer = daemon.ask("POST", RESET_SEVERAL, Some(&body.to_string()));
    assert_eq!(answer.status, 202, "{answer:?}");
    let task = answer.json()["@odata.id"].as_str().unwrap().to_owned();
    daemon.wait_for(P1, |node| node["PowerState"] == "On");
    assert_eq!(daemon.get("/redfish/v1/Systems/p3")["PowerState"], "PoweringOn");
    assert_eq!(daemon.get("/redfish/v1/Systems/p4")["PowerState"], "Off");
    let running = daemon.get(&task);
    assert_eq!(running["TaskState"], "Running");
    assert!(running["PercentComplete"].as_u64().unwrap() < 100);
    let message = &running["Messages"][0];
    assert_eq!(message["MessageId"], "TaskEvent.1.0.TaskProgressChanged", "{running}");
    assert_eq!(message["MessageArgs"], json!(["1", running["PercentComplete"].to_string()]));
    assert!(message["Message"].as_str().unwrap().contains("next node in"), "{message}");
    let monitor = answer.header("location");
    assert_eq!(daemon.ask("GET", monitor, None).status, 202);
    assert_eq!(daemon.ask("DELETE", monitor, None).status, 204);
    daemon.wait_for(&task, |task| task["TaskState"] == "Cancelled");
    assert_eq!(daemon.get(P1)["PowerState"], "On");
    assert_eq!(daemon.get("/redfish/v1/Systems/p3")["PowerState"], "Off");
}

#[test]
fn several_nodes_are_named_or_nothing_is_switched() {
    let daemon = Service::new();
    for (body, key) in [
        (json!({"ResetType": "On"}), "ActionParameterMissing"),
        (json!({"ResetType": "On", "TargetURIs": []}), "ActionParameterValueError"),
        (
            json!({"ResetType": "On", "TargetURIs": ["/redfish/v1/Systems/p9"]}),
            "ActionParameterValueError",
        ),
        (json!({"ResetType": "On", "TargetURIs": [7]}), "ActionParameterValueTypeError"),
        (json!({"TargetURIs": [P1]}), "ActionParameterMissing"),
        (
            json!({"ResetType": "On", "TargetURIs": [P1], "BatchSize": 2}),
            "ActionParameterValueError",
        ),
    ] {
        let answer = daemon.ask("POST", RESET_SEVERAL, Some(&body.to_string()));
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.messages(), [key], "{body}: {answer:?}");
        let named = if body["TargetURIs"][0] == 7 { "[7]" } else { "p9" };
        if body.to_string().contains(named) {
            assert!(
                answer.json()["error"]["message"].as_str().unwrap().contains(named),
                "{answer:?}"
            );
        }
    }
    let tasks = daemon.get("/redfish/v1/TaskService/Tasks");
    assert_eq!(tasks["Members@odata.count"], 0);
}

#[test]
fn what_is_hostile_is_refused_and_harms_nobody() {
    let daemon = Service::new();
    let deep = format!("{{\"ResetType\": {}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    for (body, status, key) in [
        ("{", 400, "MalformedJSON"),
        (deep.as_str(), 400, "MalformedJSON"),
        ("[]", 400, "UnrecognizedRequestBody"),
        ("{}", 400, "ActionParameterMissing"),
        ("{\"ResetType\": 7}", 400, "ActionParameterValueTypeError"),
        ("{\"ResetType\": null}", 400, "ActionParameterValueTypeError"),
        ("{\"ResetType\": \"Nmi\"}", 400, "ActionParameterValueNotInList"),
        ("{\"ResetType\": \"On\", \"Bogus\": 1}", 400, "ActionParameterUnknown"),
    ] {
        let answer = daemon.ask("POST", RESET, Some(body));
        assert_eq!(
            (answer.status, answer.messages()),
            (status, vec![key.to_owned()]),
            "{}",
            &body[..body.len().min(60)]
        );
    }
    let large = daemon.ask_with("POST", RESET, &[("Content-Length", "200000")], None);
    assert_eq!((large.status, large.messages()), (413, vec!["PayloadTooLarge".to_owned()]));
    for path in [
        "/redfish/v1/Systems/p9",
        "/redfish/v1/Systems/p%31",
        "/redfish/v1/Systems/p1%2f..%2fp1",
        "/redfish/v1/Systems/%00",
        "/redfish/v1/Systems/p1/",
        "/redfish/v1/Systems//p1",
        "/redfish/v1/../v1/Systems",
        "/redfish/v1/TaskService/Tasks/99999999999999999999",
        "/redfish/v1/TaskService/TaskMonitors/x",
        "/redfish/v2/",
    ] {
        let answer = daemon.ask("GET", path, None);
        assert_eq!(
            (answer.status, answer.messages()),
            (404, vec!["ResourceMissingAtURI".to_owned()]),
            "{path}"
        );
    }
    for (method, path, allow) in [
        ("POST", P1, "GET, HEAD, PATCH"),
        ("DELETE", "/redfish/v1/", "GET, HEAD"),
        ("PUT", SESSIONS, "GET, HEAD, POST"),
        ("GET", RESET, "POST"),
        ("NONSENSE", "/redfish/v1/Chassis", "GET, HEAD"),
    ] {
        let answer = daemon.ask(method, path, None);
        assert_eq!(
            (answer.status, answer.messages()),
            (405, vec!["OperationNotAllowed".to_owned()]),
            "{method} {path}"
        );
        let sorted = |text: &str| {
            let mut words: Vec<_> = text.split(',').map(|word| word.trim().to_owned()).collect();
            words.sort();
            words
        };
        assert_eq!(sorted(answer.header("allow")), sorted(allow), "{method} {path}");
    }
    assert_eq!(daemon.get(P1)["PowerState"], "Off");
}

#[test]
fn tags_and_versions_of_the_protocol_are_checked() {
    let daemon = Service::new();
    let answer = daemon.ask("GET", "/redfish/v1/Roles", None);
    assert_eq!(answer.status, 404);
    let role = "/redfish/v1/AccountService/Roles/Operator";
    let tag = daemon.ask("GET", role, None).header("etag").to_owned();
    let known = daemon.ask_with("GET", role, &[("If-None-Match", &tag)], None);
    assert_eq!((known.status, &*known.body), (304, ""));
    let head = daemon.ask("HEAD", role, None);
    assert_eq!((head.status, &*head.body, head.header("etag")), (200, "", &*tag));
    let other = daemon.ask_with("GET", "/redfish/v1/", &[("OData-Version", "4.1")], None);
    assert_eq!(other.status, 412);
    let board = "/redfish/v1/Chassis/hat1";
    let lit = json!({"LocationIndicatorActive": true}).to_string();
    let refused = daemon.ask_with("PATCH", board, &[("If-Match", "\"0\"")], Some(&lit));
    assert_eq!((refused.status, refused.messages()), (412, vec!["PreconditionFailed".to_owned()]));
}

#[test]
fn the_alert_led_of_a_board_is_its_location_indicator() {
    let daemon = Service::new();
    let board = "/redfish/v1/Chassis/hat1";
    for on in [false, true, false] {
        let tag = daemon.ask("GET", board, None).header("etag").to_owned();
        let body = json!({"LocationIndicatorActive": on}).to_string();
        let answer = daemon.ask_with("PATCH", board, &[("If-Match", &tag)], Some(&body));
        assert_eq!((answer.status, &answer.json()["LocationIndicatorActive"]), (200, &json!(on)));
    }
    for (body, key) in [
        (json!({"LocationIndicatorActive": "on"}), "PropertyValueTypeError"),
        (json!({"Model": "x"}), "PropertyNotWritable"),
        (json!({"Bogus": 1}), "PropertyUnknown"),
        (json!({}), "NoOperation"),
        (json!({"@odata.id": board}), "NoOperation"),
    ] {
        let answer = daemon.ask("PATCH", board, Some(&body.to_string()));
        assert_eq!((answer.status, answer.messages()), (400, vec![key.to_owned()]), "{body}");
    }
    let node =
        daemon.ask("PATCH", "/redfish/v1/Chassis/p1", Some("{\"LocationIndicatorActive\": true}"));
    assert_eq!(node.messages(), ["PropertyUnknown"]);
}

#[test]
fn a_node_boots_over_usb_where_its_board_chooses_that() {
    let daemon = Service::on("mixed");
    let p5 = "/redfish/v1/Systems/p5";
    let boot = |target: &str, enabled: &str| {
        json!({"Boot": {"BootSourceOverrideTarget": target, "BootSourceOverrideEnabled": enabled}})
            .to_string()
    };
    for (target, enabled) in [("None", "Disabled"), ("Usb", "Continuous")] {
        let answer = daemon.ask("PATCH", p5, Some(&boot(target, enabled)));
        assert_eq!(answer.status, 200, "{answer:?}");
        let now = &daemon.get(p5)["Boot"];
        assert_eq!(
            (&now["BootSourceOverrideTarget"], &now["BootSourceOverrideEnabled"]),
            (&json!(target), &json!(enabled))
        );
    }
    for (body, key) in [
        (boot("Pxe", "Continuous"), "PropertyValueNotInList"),
        (boot("Usb", "Once"), "PropertyValueNotInList"),
        (boot("None", "Continuous"), "PropertyValueError"),
        (json!({"Boot": {"BootNext": "x"}}).to_string(), "PropertyUnknown"),
        (json!({"Boot": 7}).to_string(), "PropertyValueTypeError"),
    ] {
        let answer = daemon.ask("PATCH", p5, Some(&body));
        assert_eq!((answer.status, answer.messages()), (400, vec![key.to_owned()]), "{body}");
    }
    // A HAT gives its nodes no choice.
    assert!(daemon.get(P1).get("Boot").is_none());
    let answer = daemon.ask("PATCH", P1, Some(&boot("Usb", "Continuous")));
    assert_eq!((answer.status, answer.messages()), (400, vec!["PropertyUnknown".to_owned()]));
}

#[test]
fn what_is_asked_beside_a_resource_is_answered() {
    let daemon = Service::new();
    let page = daemon.get("/redfish/v1/Systems?$top=2&$expand=.&$select=PowerState");
    let members = page["Members"].as_array().unwrap();
    assert_eq!((members.len(), &members[1]["PowerState"]), (2, &json!("Off")));
    assert!(members[1].get("Status").is_none());
    let next = page["Members@odata.nextLink"].as_str().unwrap();
    assert_eq!(daemon.get(next)["Members"].as_array().unwrap().len(), 2);
    let root = daemon.get("/redfish/v1/?$expand=*($levels=3)");
    assert_eq!(root["Systems"]["Members"][3]["Id"], "p4");
    assert_eq!(root["Links"]["Sessions"]["Members@odata.count"], 0);
    assert_eq!(daemon.get("/redfish/v1/Managers?only")["Id"], "controller");
    assert_eq!(daemon.ask("GET", "/redfish/v1/Systems?$filter=x", None).status, 501);
    assert_eq!(daemon.ask("GET", "/redfish/v1/Systems?$top=x", None).status, 400);
}

#[test]
fn the_led_of_one_board_is_not_that_of_another() {
    let daemon = Service::on("two-hats");
    let lit = |board: &str| {
        daemon.get(&format!("/redfish/v1/Chassis/{board}"))["LocationIndicatorActive"].clone()
    };
    for (on, board, other) in [(false, "lower", "upper"), (true, "upper", "lower")] {
        let before = lit(other);
        let body = json!({"LocationIndicatorActive": on}).to_string();
        let answer = daemon.ask("PATCH", &format!("/redfish/v1/Chassis/{board}"), Some(&body));
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!((lit(board), lit(other)), (json!(on), before));
    }
}

#[test]
fn the_console_of_a_node_is_where_its_system_says() {
    let daemon = Service::new();
    let console = daemon.get(P1)["SerialConsole"]["WebSocket"]["ConsoleURI"].clone();
    let console = console.as_str().expect("a URI");
    let history = daemon.ask("GET", &format!("{console}/history"), None);
    assert_eq!(history.status, 200, "{history:?}");
    // Whoever does not speak WebSocket is told so, and not that there is no console.
    let upgrade = daemon.ask("GET", console, None).status;
    assert!(matches!(upgrade, 400 | 426), "{upgrade}");
}

#[test]
fn the_same_key_is_the_same_reset() {
    let daemon = Service::new();
    let send = |path: &str, body: &str, key: &str| {
        daemon.ask_with("POST", path, &[("Idempotency-Key", key)], Some(body))
    };
    let tasks = || daemon.get("/redfish/v1/TaskService/Tasks")["Members@odata.count"].clone();
    for _ in 0..2 {
        daemon.settle(&send(RESET, &reset("PowerCycle"), "a"));
    }
    let several = json!({"ResetType": "ForceOff", "TargetURIs": [P1]}).to_string();
    for _ in 0..2 {
        daemon.settle(&send(RESET_SEVERAL, &several, "b"));
    }
    assert_eq!(tasks(), 2);
    assert_eq!(send(RESET, &reset("On"), "a").status, 409);
    assert_eq!(send(RESET, &reset("On"), "").status, 400);
    assert_eq!(daemon.get(P1)["PowerState"], "Off");
    let task = daemon.get("/redfish/v1/TaskService/Tasks/1");
    let (start, end) = (task["StartTime"].as_str().unwrap(), task["EndTime"].as_str().unwrap());
    assert!(start <= end, "{task}");
}

#[test]
fn a_node_has_its_end_of_the_cable_and_a_console() {
    let daemon = Service::new();
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("On"))));
    let path = daemon.get(P1)["EthernetInterfaces"]["@odata.id"].as_str().unwrap().to_owned();
    let all = daemon.get(&format!("{path}?$expand=."));
    assert_eq!(all["Members@odata.count"], 1);
    assert_eq!(all["Members"][0]["MACAddress"], "00:22:82:ff:ff:01");
    daemon.wait_for(&format!("{path}/usb0"), |known| known["LinkStatus"] == "LinkUp");
    let off = daemon.get("/redfish/v1/Systems/p4/EthernetInterfaces/usb0");
    assert_eq!(
        (&off["LinkStatus"], &off["Status"]["State"]),
        (&json!("LinkDown"), &json!("StandbyOffline"))
    );
    // No network was set up: nobody knows which address it would have.
    assert!(off.get("IPv4Addresses").is_none());
    let ports = "/redfish/v1/Managers/controller/SerialInterfaces";
    assert_eq!(
        daemon.get(&format!("{ports}?$top=2&$skip=1"))["Members"][1]["@odata.id"],
        format!("{ports}/p3")
    );
    daemon.wait_for(&format!("{ports}/p1"), |known| known["InterfaceEnabled"] == true);
    assert_eq!(
        daemon.get(&format!("{ports}/p4?$select=InterfaceEnabled"))["InterfaceEnabled"],
        false
    );
}
