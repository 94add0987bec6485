//! The people of the demo company, its departments and its regions.

use super::load::{Loader, row};
use super::rng::Rng;
use super::words;
use crate::kernel::access::Role;
use crate::kernel::clock::Millis;
use crate::kernel::db::DbError;
use crate::kernel::id::Id;
use crate::users::{NewUser, insert_department, insert_user};

/// Sign-in name, name, role, department by its place in [`DEPARTMENTS`].
const PEOPLE: [(&str, &str, Role, usize); 20] = [
    ("admin", "孙志国", Role::Admin, 0),
    ("manager1", "陈国栋", Role::Manager, 1),
    ("manager2", "马晓东", Role::Manager, 2),
    ("manager3", "刘建军", Role::Manager, 0),
    ("rep1", "王芳", Role::Rep, 1),
    ("rep2", "李强", Role::Rep, 2),
    ("rep3", "张磊", Role::Rep, 1),
    ("rep4", "刘洋", Role::Rep, 2),
    ("rep5", "赵敏", Role::Rep, 1),
    ("rep6", "孙鹏", Role::Rep, 2),
    ("rep7", "周涛", Role::Rep, 1),
    ("rep8", "吴静", Role::Rep, 2),
    ("rep9", "郑浩", Role::Rep, 1),
    ("rep10", "冯雪", Role::Rep, 2),
    ("rep11", "于海波", Role::Rep, 1),
    ("rep12", "董洁", Role::Rep, 2),
    ("clerk1", "周敏", Role::Clerk, 3),
    ("clerk2", "林娜", Role::Clerk, 3),
    ("clerk3", "高伟", Role::Clerk, 3),
    ("clerk4", "宋丽", Role::Clerk, 3),
];

const DEPARTMENTS: [&str; 4] = ["总公司", "销售一部", "销售二部", "内勤部"];

/// A rep and who approves for them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rep {
    pub id: Id,
    pub manager: Id,
}

/// A district 区县 with the middle of it.
#[derive(Clone, Debug)]
pub(super) struct District {
    pub id: Id,
    /// 潍坊市, by its place in the list of cities.
    pub city: usize,
    pub name: &'static str,
    pub lat: f64,
    pub lng: f64,
}

/// Everybody and everywhere.
#[derive(Debug)]
pub(super) struct Company {
    pub reps: Vec<Rep>,
    pub clerk: Id,
    pub districts: Vec<District>,
}

impl Company {
    /// The reps of a city: two for each, in one department.
    pub fn rep_of(&self, city: usize, rng: &mut Rng) -> Option<usize> {
        // Cities 0 to 2 are 销售一部's (odd names, even places), 3 to 5 those of 销售二部.
        let first = if city < 3 { city * 4 } else { (city - 3) * 4 + 1 };
        let place = first + 2 * rng.below(2);
        (place < self.reps.len()).then_some(place)
    }
}

/// Writes departments, people and regions.
pub(super) async fn found(load: &mut Loader<'_>, hash: &str, since: Millis) -> Result<Company, DbError> {
    let mut departments: Vec<(Id, String)> = Vec::new();
    for name in DEPARTMENTS {
        let tx = load.tx().await?;
        let parent = departments.first().map(|(id, path)| (*id, path.as_str()));
        let made = insert_department(tx, name, parent).await?;
        departments.push(made);
    }
    let mut people = Vec::new();
    for (place, (username, name, role, department)) in (0u32..).zip(PEOPLE) {
        let Some((department_id, _)) = departments.get(department) else { continue };
        let mobile = words::mobile(place.wrapping_add(9_900_000));
        let user = NewUser {
            username,
            name,
            role,
            department_id: *department_id,
            mobile: &mobile,
            password_hash: hash,
            must_change_password: false,
        };
        let id = insert_user(load.tx().await?, &user, since).await?;
        people.push((id, username, role, department));
    }
    let by_name = |wanted: &str| people.iter().find(|(_, name, ..)| *name == wanted).map_or(Id(0), |(id, ..)| *id);
    let (first, second) = (by_name("manager1"), by_name("manager2"));
    let reps = people
        .iter()
        .filter(|(_, _, role, _)| *role == Role::Rep)
        .map(|(id, _, _, department)| Rep { id: *id, manager: if *department == 1 { first } else { second } })
        .collect();
    let clerk = by_name("clerk1");
    let districts = regions(load, since).await?;
    Ok(Company { reps, clerk, districts })
}

async fn regions(load: &mut Loader<'_>, since: Millis) -> Result<Vec<District>, DbError> {
    let mut rows = Vec::new();
    let mut districts = Vec::new();
    for (city, (name, below)) in words::CITIES.iter().enumerate() {
        let id = load.id(since);
        let path = format!("/{id}/");
        rows.push(row![id, None::<Id>, *name, &path]);
        for (name, lat, lng) in *below {
            let district = load.id(since);
            rows.push(row![district, Some(id), *name, format!("{path}{district}/")]);
            districts.push(District { id: district, city, name, lat: *lat, lng: *lng });
        }
    }
    load.insert("INSERT INTO regions (id, parent_id, name, path) VALUES", rows).await?;
    Ok(districts)
}
