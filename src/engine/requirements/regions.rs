//! Regions by code and by name, and groups of places that data may not leave.

use super::Cloud;
use super::tokens::Reading;

/// A place: its names, its region on each cloud, the residency groups it is in.
struct Place {
    names: &'static [&'static str],
    regions: [&'static str; 3],
    groups: &'static [&'static str],
}

const fn place(
    names: &'static [&'static str],
    regions: [&'static str; 3],
    groups: &'static [&'static str],
) -> Place {
    Place { names, regions, groups }
}

const PLACES: &[Place] = &[
    place(
        &[
            "n virginia",
            "n. virginia",
            "north virginia",
            "northern virginia",
            "virginia",
            "us east",
            "us east coast",
            "east coast",
        ],
        ["us-east-1", "eastus", "us-east4"],
        &["us"],
    ),
    place(&["ohio", "us central"], ["us-east-2", "centralus", "us-central1"], &["us"]),
    place(&["iowa"], ["us-east-2", "centralus", "us-central1"], &["us"]),
    place(
        &["oregon", "us west", "us west coast", "west coast"],
        ["us-west-2", "westus2", "us-west1"],
        &["us"],
    ),
    place(
        &["n california", "northern california", "california", "los angeles"],
        ["us-west-1", "westus", "us-west2"],
        &["us"],
    ),
    place(&["texas"], ["us-east-2", "southcentralus", "us-south1"], &["us"]),
    place(&["ireland", "dublin", "eu west"], ["eu-west-1", "northeurope", "europe-west1"], &["eu"]),
    place(
        &["frankfurt", "eu central"],
        ["eu-central-1", "germanywestcentral", "europe-west3"],
        &["eu", "de"],
    ),
    place(&["london", "uk south"], ["eu-west-2", "uksouth", "europe-west2"], &["gb"]),
    place(
        &["paris", "france central"],
        ["eu-west-3", "francecentral", "europe-west9"],
        &["eu", "fr"],
    ),
    place(&["milan"], ["eu-south-1", "italynorth", "europe-west8"], &["eu", "it"]),
    place(&["madrid"], ["eu-south-2", "spaincentral", "europe-southwest1"], &["eu", "es"]),
    place(&["stockholm"], ["eu-north-1", "swedencentral", "europe-north2"], &["eu", "se"]),
    place(&["zurich", "zürich"], ["eu-central-2", "switzerlandnorth", "europe-west6"], &["ch"]),
    place(
        &["netherlands", "amsterdam", "west europe"],
        ["eu-central-1", "westeurope", "europe-west4"],
        &["eu", "nl"],
    ),
    place(&["belgium"], ["eu-central-1", "belgiumcentral", "europe-west1"], &["eu", "be"]),
    place(&["finland"], ["eu-north-1", "swedencentral", "europe-north1"], &["eu", "fi"]),
    place(&["warsaw"], ["eu-central-1", "polandcentral", "europe-central2"], &["eu", "pl"]),
    place(&["singapore"], ["ap-southeast-1", "southeastasia", "asia-southeast1"], &["sg"]),
    place(&["sydney"], ["ap-southeast-2", "australiaeast", "australia-southeast1"], &["au"]),
    place(
        &["melbourne"],
        ["ap-southeast-4", "australiasoutheast", "australia-southeast2"],
        &["au"],
    ),
    place(&["tokyo"], ["ap-northeast-1", "japaneast", "asia-northeast1"], &["jp"]),
    place(&["osaka"], ["ap-northeast-3", "japanwest", "asia-northeast2"], &["jp"]),
    place(&["seoul"], ["ap-northeast-2", "koreacentral", "asia-northeast3"], &["kr"]),
    place(&["mumbai"], ["ap-south-1", "centralindia", "asia-south1"], &["in"]),
    place(&["hyderabad"], ["ap-south-2", "southindia", "asia-south1"], &["in"]),
    place(&["delhi"], ["ap-south-1", "centralindia", "asia-south2"], &["in"]),
    place(&["hong kong"], ["ap-east-1", "eastasia", "asia-east2"], &["hk"]),
    place(&["jakarta"], ["ap-southeast-3", "indonesiacentral", "asia-southeast2"], &["id"]),
    place(
        &["montreal", "toronto"],
        ["ca-central-1", "canadacentral", "northamerica-northeast1"],
        &["ca"],
    ),
    place(&["calgary"], ["ca-west-1", "canadacentral", "northamerica-northeast2"], &["ca"]),
    place(&["sao paulo", "são paulo"], ["sa-east-1", "brazilsouth", "southamerica-east1"], &["br"]),
    place(&["cape town"], ["af-south-1", "southafricawest", "africa-south1"], &["za"]),
    place(&["johannesburg"], ["af-south-1", "southafricanorth", "africa-south1"], &["za"]),
    place(&["bahrain"], ["me-south-1", "qatarcentral", "me-central2"], &["bh"]),
    place(&["dubai", "uae"], ["me-central-1", "uaenorth", "me-central1"], &["ae"]),
    place(&["tel aviv"], ["il-central-1", "israelcentral", "me-west1"], &["il"]),
    place(
        &["govcloud", "gov cloud", "us gov"],
        ["us-gov-west-1", "usgovvirginia", "us-east4"],
        &["us"],
    ),
];

/// A country or union, and the code of its residency group.
const GROUPS: &[(&str, &[&str])] = &[
    ("eu", &["eu", "european union", "europe", "eea", "eu/eea"]),
    ("us", &["us", "usa", "united states", "u.s", "america"]),
    ("gb", &["uk", "united kingdom", "britain", "great britain", "england"]),
    ("de", &["germany"]),
    ("fr", &["france"]),
    ("ch", &["switzerland"]),
    ("it", &["italy"]),
    ("es", &["spain"]),
    ("se", &["sweden"]),
    ("ca", &["canada"]),
    ("au", &["australia"]),
    ("in", &["india"]),
    ("jp", &["japan"]),
    ("br", &["brazil"]),
    ("sg", &["singapore"]),
    ("kr", &["korea", "south korea"]),
    ("za", &["south africa"]),
    ("ae", &["emirates"]),
];

/// What people who live somewhere are called, and countries without a region of
/// their own: the residency group whose region is near them.
const AUDIENCES: &[(&str, &[&str])] = &[
    (
        "eu",
        &[
            "european",
            "austria",
            "austrian",
            "poland",
            "polish",
            "denmark",
            "danish",
            "norway",
            "norwegian",
            "finland",
            "finnish",
            "portugal",
            "portuguese",
            "netherlands",
            "dutch",
            "belgium",
            "belgian",
            "czechia",
            "czech",
            "slovakia",
            "hungary",
            "hungarian",
            "romania",
            "romanian",
            "bulgaria",
            "greece",
            "greek",
            "croatia",
            "slovenia",
            "estonia",
            "latvia",
            "lithuania",
            "luxembourg",
            "nordics",
            "nordic",
            "scandinavia",
            "scandinavian",
            "benelux",
            "dach",
            "emea",
            "ukraine",
            "irish",
        ],
    ),
    ("us", &["american", "mexico", "mexican"]),
    ("gb", &["british", "english", "scotland", "scottish", "wales", "welsh"]),
    ("de", &["german"]),
    ("fr", &["french"]),
    ("ch", &["swiss", "liechtenstein"]),
    ("it", &["italian"]),
    ("es", &["spanish"]),
    ("se", &["swedish"]),
    ("ca", &["canadian"]),
    ("au", &["australian", "zealand"]),
    ("in", &["indian", "pakistan", "bangladesh"]),
    ("jp", &["japanese"]),
    ("kr", &["korean"]),
    ("br", &["brazilian", "argentina", "chile", "latam"]),
    (
        "sg",
        &[
            "asia",
            "asian",
            "apac",
            "singaporean",
            "malaysia",
            "malaysian",
            "thailand",
            "thai",
            "vietnam",
            "vietnamese",
            "philippines",
            "indonesia",
            "indonesian",
        ],
    ),
    ("za", &["africa", "african", "kenya", "nigeria"]),
    ("ae", &["emirati", "saudi", "qatar", "gulf"]),
];

/// The group near the people that a word speaks of.
pub(super) fn audience_at(reading: &Reading, at: usize) -> Option<&'static str> {
    let word = reading.word(at);
    let first = word.as_bytes().first()?;
    let of = |names: &&str| names.as_bytes().first() == Some(first) && *names == word;
    AUDIENCES.iter().find(|it| it.1.iter().any(of)).map(|it| it.0)
}

/// Regions of AWS that no place above names first.
const MORE_AWS: &[(&str, &[&str])] = &[
    ("us-gov-east-1", &["us"]),
    ("ap-southeast-5", &["my"]),
    ("ap-southeast-7", &["th"]),
    ("mx-central-1", &["mx"]),
];
const MORE_AZURE: &[(&str, &[&str])] = &[
    ("eastus2", &["us"]),
    ("westus3", &["us"]),
    ("northcentralus", &["us"]),
    ("westcentralus", &["us"]),
    ("ukwest", &["gb"]),
    ("norwayeast", &["no"]),
    ("canadaeast", &["ca"]),
    ("koreasouth", &["kr"]),
    ("westindia", &["in"]),
    ("francesouth", &["eu", "fr"]),
    ("germanynorth", &["eu", "de"]),
];
const MORE_GCP: &[(&str, &[&str])] = &[
    ("us-east1", &["us"]),
    ("us-east5", &["us"]),
    ("us-west3", &["us"]),
    ("us-west4", &["us"]),
    ("europe-west10", &["eu", "de"]),
    ("europe-west12", &["eu", "it"]),
    ("asia-east1", &["tw"]),
    ("southamerica-west1", &["cl"]),
];

/// A region that the text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub from: usize,
    pub to: usize,
    place: Option<usize>,
    /// Set where the code itself was written.
    code: Option<(&'static str, Cloud)>,
}

impl Named {
    pub(super) fn code(&self, cloud: Cloud) -> &'static str {
        match (self.code, self.place) {
            (Some((code, home)), _) if home == cloud => code,
            (_, Some(place)) => PLACES[place].regions[cloud as usize],
            (Some((code, _)), None) => code,
            (None, None) => "",
        }
    }

    /// The cloud whose code was written.
    pub(super) fn cloud(&self) -> Option<Cloud> {
        self.code.map(|it| it.1)
    }
}

fn groups(code: &str) -> &'static [&'static str] {
    PLACES
        .iter()
        .find(|it| it.regions.contains(&code))
        .map(|it| it.groups)
        .or_else(|| {
            [MORE_AWS, MORE_AZURE, MORE_GCP]
                .iter()
                .flat_map(|it| it.iter())
                .find(|it| it.0 == code)
                .map(|it| it.1)
        })
        .unwrap_or(&[])
}

/// Whether data in this region stays within the group.
pub(super) fn within(code: &str, group: &str) -> bool {
    groups(code).contains(&group)
}

/// The residency groups: code and the name that people use.
pub(super) fn group_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    NAMES.iter().copied()
}

const NAMES: &[(&str, &str)] = &[
    ("eu", "European Union"),
    ("us", "United States"),
    ("gb", "United Kingdom"),
    ("de", "Germany"),
    ("fr", "France"),
    ("ch", "Switzerland"),
    ("it", "Italy"),
    ("es", "Spain"),
    ("se", "Sweden"),
    ("ca", "Canada"),
    ("au", "Australia"),
    ("in", "India"),
    ("jp", "Japan"),
    ("br", "Brazil"),
    ("sg", "Singapore"),
    ("kr", "South Korea"),
    ("za", "South Africa"),
    ("ae", "United Arab Emirates"),
];

/// The region of AWS that a place or a residency group, lowercase, names.
pub(super) fn of_words(words: &str) -> Option<&'static str> {
    PLACES
        .iter()
        .find(|it| it.names.contains(&words))
        .map(|it| it.regions[0])
        .or_else(|| {
            let group = GROUPS.iter().find(|it| it.0 == words || it.1.contains(&words));
            of_group(group?.0, Cloud::Aws)
        })
        .or_else(|| {
            let known = crate::engine::cost::catalogue::regions("aws").iter();
            known.into_iter().find(|it| it.city.to_lowercase() == words).map(|it| it.code)
        })
}

/// The usual region of a residency group.
pub(super) fn of_group(group: &str, cloud: Cloud) -> Option<&'static str> {
    let home = match group {
        "eu" => "eu-central-1",
        "us" => "us-east-1",
        "ca" => "ca-central-1",
        "au" => "ap-southeast-2",
        "in" => "ap-south-1",
        "jp" => "ap-northeast-1",
        _ => PLACES.iter().find(|it| it.groups.contains(&group))?.regions[0],
    };
    PLACES.iter().find(|it| it.regions[0] == home).map(|it| it.regions[cloud as usize])
}

/// Regions with every service, the least dear first.
pub(super) fn usual(cloud: Cloud) -> impl Iterator<Item = &'static str> {
    const USUAL: [&str; 8] = [
        "us-east-1",
        "us-east-2",
        "us-west-2",
        "eu-central-1",
        "eu-west-1",
        "ap-southeast-1",
        "ap-northeast-1",
        "ap-southeast-2",
    ];
    USUAL.into_iter().filter_map(move |home| {
        PLACES.iter().find(|it| it.regions[0] == home).map(|it| it.regions[cloud as usize])
    })
}

const CLOUDS: [Cloud; 3] = [Cloud::Aws, Cloud::Azure, Cloud::Gcp];

/// All regions that are named, in order.
pub(super) fn find(reading: &Reading) -> Vec<Named> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < reading.len() {
        match code_at(reading, at).or_else(|| name_at(reading, at)) {
            Some(named) => {
                at = named.to + 1;
                found.push(named);
            }
            None => at += 1,
        }
    }
    found
}

/// "us-east-1", "europe-west3", "westeurope": one to four words.
fn code_at(reading: &Reading, at: usize) -> Option<Named> {
    let head = reading.word(at);
    if head.len() < 2 || !head.is_ascii() {
        return None;
    }
    // Codes of several words begin with a part of the world, others are long.
    let worldly = matches!(
        head,
        "us" | "eu"
            | "ap"
            | "ca"
            | "sa"
            | "af"
            | "me"
            | "il"
            | "mx"
            | "europe"
            | "asia"
            | "australia"
            | "northamerica"
            | "southamerica"
            | "africa"
    );
    if !worldly && head.len() < 6 {
        return None;
    }
    for width in (1..=if worldly { 4 } else { 1 }).rev() {
        let span = reading.span(at, at + width - 1);
        if span == [0, 0] && at + width > reading.len() {
            continue;
        }
        let written = reading.text[span[0]..span[1]].to_ascii_lowercase();
        // An availability zone is in its region: "us-east-1a".
        let zoneless = written
            .strip_suffix(['a', 'b', 'c'])
            .filter(|it| it.ends_with(|c: char| c.is_ascii_digit()));
        for code in [Some(written.as_str()), zoneless].into_iter().flatten() {
            if let Some((code, cloud, place)) = known(code) {
                return Some(Named {
                    from: at,
                    to: at + width - 1,
                    place,
                    code: Some((code, cloud)),
                });
            }
        }
    }
    None
}

fn known(code: &str) -> Option<(&'static str, Cloud, Option<usize>)> {
    if code.len() < 6 || code.contains(' ') {
        return None;
    }
    for (at, place) in PLACES.iter().enumerate() {
        if let Some(cloud) = place.regions.iter().position(|it| *it == code) {
            return Some((place.regions[cloud], CLOUDS[cloud], Some(at)));
        }
    }
    [MORE_AWS, MORE_AZURE, MORE_GCP].iter().zip(CLOUDS).find_map(|(table, cloud)| {
        table.iter().find(|it| it.0 == code).map(|it| (it.0, cloud, None))
    })
}

fn name_at(reading: &Reading, at: usize) -> Option<Named> {
    let head = reading.word(at);
    for (nth, place) in PLACES.iter().enumerate() {
        for name in place.names {
            if name.as_bytes().first() != head.as_bytes().first() {
                continue;
            }
            let mut words = name.split(' ');
            if words.next().map(|it| it.trim_end_matches('.')) != Some(head) {
                continue;
            }
            let count = name.split(' ').count();
            let fits = words.enumerate().all(|(step, word)| reading.word(at + 1 + step) == word);
            if fits {
                return Some(Named { from: at, to: at + count - 1, place: Some(nth), code: None });
            }
        }
    }
    None
}

/// The residency group a word or two name, and the last word.
pub(super) fn group_at(reading: &Reading, at: usize) -> Option<(&'static str, usize)> {
    let one = reading.word(at);
    // "us" is a pronoun unless it is written as a name.
    if one == "us" && reading.original(at) != "US" {
        return None;
    }
    let first = |name: &&str| name.as_bytes().first() == one.as_bytes().first();
    if !GROUPS.iter().any(|it| it.1.iter().any(first)) {
        return None;
    }
    let span = reading.span(at, at + 1);
    let two = reading.text[span[0]..span[1]].to_ascii_lowercase();
    for (code, names) in GROUPS {
        if at + 1 < reading.len() && names.contains(&two.as_str()) {
            return Some((code, at + 1));
        }
        if names.contains(&one) {
            return Some((code, at));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str, cloud: Cloud) -> Vec<&'static str> {
        find(&Reading::new(text)).iter().map(|it| it.code(cloud)).collect()
    }

    #[test]
    fn codes_and_names() {
        assert_eq!(codes("in us-east-1 and eu-west-1b", Cloud::Aws), ["us-east-1", "eu-west-1"]);
        assert_eq!(codes("move it to Frankfurt", Cloud::Aws), ["eu-central-1"]);
        assert_eq!(codes("move it to Frankfurt", Cloud::Gcp), ["europe-west3"]);
        assert_eq!(codes("N. Virginia", Cloud::Aws), ["us-east-1"]);
        assert_eq!(codes("region westeurope", Cloud::Azure), ["westeurope"]);
        assert_eq!(codes("nothing here", Cloud::Aws), [] as [&str; 0]);
    }

    #[test]
    fn groups_know_their_regions() {
        assert!(within("eu-central-1", "de") && within("eu-west-1", "eu"));
        assert!(!within("us-east-1", "eu") && !within("eu-west-2", "eu"));
        assert_eq!(of_group("de", Cloud::Aws), Some("eu-central-1"));
    }
}
