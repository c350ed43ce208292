//! Which addresses belong to the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Everything in the registries of special-purpose addresses (RFC 6890 and its
/// successors), with how many bits the addresses share.
const SPECIAL_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, and all that is reserved after it.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// What is special within the addresses that are routed at all, 2000::/3.
const SPECIAL_V6: &[(Ipv6Addr, u32)] = &[
    // Protocol assignments, Teredo among them.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4 holds an IPv4 address that nobody would check.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(it) => !SPECIAL_V4
            .iter()
            .any(|(of, bits)| (it.to_bits() ^ of.to_bits()).leading_zeros() >= *bits),
        IpAddr::V6(it) => {
            it.segments()[0] & 0xe000 == 0x2000
                && !SPECIAL_V6
                    .iter()
                    .any(|(of, bits)| (it.to_bits() ^ of.to_bits()).leading_zeros() >= *bits)
        }
    }
}
