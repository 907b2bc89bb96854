use super::*;

fn find(uri: &str) -> Option<Document> {
    let document = match uri {
        "/redfish/v1/Systems" => {
            let members = ["p1", "p2", "p3"].map(|node| format!("/redfish/v1/Systems/{node}"));
            Document::collection("ComputerSystemCollection", uri, "Nodes", members)
        }
        "/redfish/v1/Chassis" => {
            let members = ["/redfish/v1/Chassis/hat1".to_owned()];
            Document::collection("ChassisCollection", uri, "Boards", members)
        }
        "/redfish/v1/Chassis/hat1" => Document::new("Chassis", uri, "hat1", "hat1"),
        _ => Document::new("ComputerSystem", uri, "p1", uri.strip_prefix("/redfish/v1/Systems/")?)
            .with("PowerState", "On")
            .with(
                "Boot",
                json!({"BootSourceOverrideTarget": "None", "BootSourceOverrideMode": "x"}),
            )
            .with("Links", json!({"Chassis": [{"@odata.id": "/redfish/v1/Chassis/hat1"}]})),
    };
    Some(document)
}

fn ask(uri: &str, query: &str) -> Result<Value, Failure> {
    let document = find(uri).expect("it is there");
    Ok(Query::parse(query)?.apply(document, &find, limit(3))?.into())
}

fn nodes(query: &str) -> Value {
    ask("/redfish/v1/Systems", query).expect(query)
}

fn refused(uri: &str, query: &str) -> (StatusCode, String) {
    let failure = ask(uri, query).expect_err(query);
    (failure.status, failure.messages[0].id())
}

#[test]
fn pages_are_cut_and_linked() {
    let page = nodes("$top=2");
    assert_eq!(page["Members"].as_array().unwrap().len(), 2);
    assert_eq!(page["Members@odata.count"], 3);
    assert_eq!(page["Members@odata.nextLink"], "/redfish/v1/Systems?$skip=2&$top=2");
    let rest = nodes("$skip=2&$top=2");
    assert_eq!(rest["Members"].as_array().unwrap().len(), 1);
    assert!(rest.get("Members@odata.nextLink").is_none());
    assert_eq!(nodes("$skip=99")["Members"], json!([]));
    assert_eq!(nodes("$top=0")["Members"], json!([]));
}

#[test]
fn links_are_followed_as_far_as_asked() {
    let members = nodes("$expand=.");
    assert_eq!(members["Members"][0]["PowerState"], "On");
    assert!(members["Members"][0]["Links"]["Chassis"][0].get("Name").is_none());
    let deep = nodes("$expand=*($levels=2)");
    assert_eq!(deep["Members"][2]["Links"]["Chassis"][0]["Name"], "hat1");
    assert!(nodes("$expand=~")["Members"][0].get("PowerState").is_none());
    let links = ask("/redfish/v1/Systems/p1", "%24expand=~").expect("a system");
    assert_eq!(links["Links"]["Chassis"][0]["Name"], "hat1");
}

#[test]
fn selected_properties_are_left_and_what_says_what_it_is() {
    let system = ask("/redfish/v1/Systems/p1", "$select=PowerState,Boot/BootSourceOverrideTarget");
    let system = system.expect("a system");
    let names: Vec<_> = system.as_object().unwrap().keys().collect();
    assert_eq!(names, ["@odata.id", "@odata.type", "PowerState", "Boot"]);
    assert_eq!(system["Boot"], json!({"BootSourceOverrideTarget": "None"}));
    let members = nodes("$select=PowerState&$expand=.");
    assert_eq!(members["Members"][0].as_object().unwrap().len(), 3);
    assert_eq!(members["Members@odata.count"], 3);
}

#[test]
fn the_only_member_is_taken_where_there_is_one() {
    assert_eq!(ask("/redfish/v1/Chassis", "only").expect("a board")["Id"], "hat1");
    assert_eq!(nodes("only")["Members@odata.count"], 3);
}

#[test]
fn what_is_wrong_is_refused() {
    let systems = "/redfish/v1/Systems";
    for (query, status, id) in [
        ("$filter=PowerState eq 'On'", 501, "QueryParameterUnsupported"),
        ("$bogus", 501, "QueryParameterUnsupported"),
        ("$top=-1", 400, "QueryParameterValueTypeError"),
        ("$skip=x", 400, "QueryParameterValueTypeError"),
        ("$top=", 400, "QueryParameterValueTypeError"),
        ("only=foo", 400, "QueryParameterValueTypeError"),
        ("$expand=", 400, "QueryParameterValueFormatError"),
        ("$expand=x", 400, "QueryParameterValueFormatError"),
        ("$expand=*($levels=)", 400, "QueryParameterValueFormatError"),
        ("$expand=*($levels=7)", 400, "QueryParameterOutOfRange"),
        ("$expand=*($levels=0)", 400, "QueryParameterOutOfRange"),
        ("$select=", 400, "QueryParameterValueFormatError"),
        ("$select=a//b", 400, "QueryParameterValueFormatError"),
        ("only&$expand=*", 400, "QueryCombinationInvalid"),
    ] {
        let (found, found_id) = refused(systems, query);
        assert_eq!((found.as_u16(), found_id), (status, format!("Base.1.22.{id}")), "{query}");
    }
    assert_eq!(
        refused("/redfish/v1/Systems/p1", "$top=1").1,
        "Base.1.22.QueryNotSupportedOnResource"
    );
}

#[test]
fn unknown_parameters_are_ignored_and_bad_escapes_do_no_harm() {
    for query in ["rpvunknown", "a=b", "%", "%2", "%zz=%ff%00", "&&=&", "%24top=2"] {
        assert_eq!(nodes(query)["Members@odata.count"], 3, "{query}");
    }
}

#[test]
fn what_would_grow_without_end_is_refused() {
    // Every node links to every other, and they link back.
    let find = |uri: &str| {
        let others = (1..100).map(|node| format!("/redfish/v1/Systems/p{node}"));
        Some(Document::collection("ComputerSystemCollection", uri, "Nodes", others))
    };
    let query = Query::parse("$expand=*($levels=6)").expect("it is allowed");
    let all = find("/redfish/v1/Systems").expect("there");
    let refused = query.apply(all, &find, limit(100)).expect_err("too much");
    assert_eq!(refused.status, StatusCode::INSUFFICIENT_STORAGE);
    // It says how much that is.
    assert!(refused.to_json().to_string().contains("912 KiB"), "{}", refused.to_json());
}

proptest::proptest! {
    #[test]
    fn any_query_is_answered_or_refused(query in "[$a-z=*.~()0-9,/%&+\\PC]{0,60}") {
        let _ = ask("/redfish/v1/Systems", &query);
        let _ = ask("/redfish/v1/Systems", &format!("$expand={query}"));
        let _ = ask("/redfish/v1/Systems/p1", &format!("$select={query}"));
    }
}
