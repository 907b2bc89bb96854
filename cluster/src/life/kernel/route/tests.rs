use proptest::prelude::*;

use super::*;

fn attribute_of(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = ((4 + value.len()) as u16).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(aligned(bytes.len()), 0);
    bytes
}

fn message(kind: u16, body: &[u8], attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let attributes = attributes.iter().flat_map(|&(kind, value)| attribute_of(kind, value));
    let body: Vec<_> = body.iter().copied().chain(attributes).collect();
    let mut bytes = ((HEADER + body.len()) as u32).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.resize(HEADER, 0);
    bytes.extend(body);
    bytes
}

fn link(kind: u16, family: u8, flags: u32) -> Vec<u8> {
    let mut body = vec![family, 0, 1, 0, 7, 0, 0, 0];
    body.extend(flags.to_ne_bytes());
    body.extend([0; 4]);
    // IFLA_ADDRESS comes first.
    message(kind, &body, &[(1, &[0, 0x22, 0x82, 0xff, 0xfe, 1]), (IFLA_IFNAME, b"ethpi1\0")])
}

fn neighbour_of(family: u8, state: u16, attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = vec![family, 0, 0, 0, 7, 0, 0, 0];
    body.extend(state.to_ne_bytes());
    body.extend([0, 1]);
    message(RTM_NEWNEIGH, &body, attributes)
}

fn all(datagram: &[u8]) -> Vec<Told<'_>> {
    messages(datagram).collect()
}

const UP: u32 = 0x1_1043;

#[test]
fn a_link_has_a_carrier_or_not() {
    let carrier = |has_carrier| vec![Told::Link { name: "ethpi1", has_carrier }];
    assert_eq!(all(&link(RTM_NEWLINK, 0, UP)), carrier(true));
    assert_eq!(all(&link(RTM_NEWLINK, 0, UP & !IFF_LOWER_UP)), carrier(false));
    assert_eq!(all(&link(RTM_DELLINK, 0, UP)), carrier(false));
    assert_eq!(all(&link(RTM_DELLINK, 7, UP)), [], "it left its bridge");
}

#[test]
fn a_neighbour_is_found_or_not() {
    let (address, mac) = ([172, 19, 181, 1], [0, 0x22, 0x82, 0xff, 0xff, 1]);
    let attributes: [(u16, &[u8]); 2] = [(NDA_DST, &address), (NDA_LLADDR, &mac)];
    let heard = |address: Option<[u8; 4]>, mac: Option<[u8; 6]>, is_reachable| {
        let address = address.map(Ipv4Addr::from);
        vec![Told::Neighbour(Neighbour { address, mac: mac.map(Mac), is_reachable })]
    };
    let found = neighbour_of(AF_INET, NUD_REACHABLE, &attributes);
    assert_eq!(all(&found), heard(Some(address), Some(mac), true));
    let failed = neighbour_of(AF_INET, NUD_FAILED, &attributes[..1]);
    assert_eq!(all(&failed), heard(Some(address), None, false));
    let by_ipv6 = neighbour_of(10, NUD_REACHABLE, &[(NDA_DST, &[0xfe; 16]), attributes[1]]);
    assert_eq!(all(&by_ipv6), heard(None, Some(mac), true));
    for state in [1, 4, 8, 0x10, 0x40, 0x80] {
        assert_eq!(all(&neighbour_of(AF_INET, state, &attributes)), [], "{state:#x}");
    }
}

#[test]
fn a_datagram_has_several_messages_and_an_end() {
    let datagram =
        [link(RTM_NEWLINK, 0, UP), message(24, &[0; 12], &[]), message(NLMSG_DONE, &[0; 4], &[])];
    let up = Told::Link { name: "ethpi1", has_carrier: true };
    assert_eq!(all(&datagram.concat()), [up, Told::End]);
}

#[test]
fn the_question_is_one_of_the_kernel_s() {
    let request = neighbours_request();
    assert_eq!(u32_at(&request, 0), Some(28));
    assert_eq!((u16_at(&request, 4), u16_at(&request, 6)), (Some(30), Some(0x301)));
    assert_eq!(request.len(), 28);
}

proptest! {
    #[test]
    fn no_message_is_too_broken(
        whole in prop::sample::select(vec![
            link(RTM_NEWLINK, 0, UP),
            neighbour_of(AF_INET, NUD_REACHABLE, &[(NDA_DST, &[172, 19, 181, 1])]),
        ]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        end in any::<prop::sample::Index>(),
    ) {
        let mut bytes = whole;
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let end = end.index(bytes.len() + 1);
        prop_assert!(messages(&bytes[..end]).count() <= bytes.len());
    }
}
