//! Turns the errors of other rooms into HTTP problems. Each file maps the errors of one room.

mod identity;
mod inbox;
mod ingest;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::Head;

/// Why a request was not served.
pub type Problem = hoopoe_web::Problem<Members>;

/// A problem on the wire.
pub type ProblemDocument = hoopoe_web::ProblemDocument<Members>;

/// The members that the service's problems have beside the standard ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Members {
    /// The notification's id: a retry that carries it cannot make a second notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<Uuid>,
    /// Where the inbox stands, where that is what the request got wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<crate::store::Head>)]
    pub head: Option<Head>,
}
