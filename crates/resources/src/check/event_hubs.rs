//! Credentials of loggers that are event hubs, once named values are known.

use crate::model::{Configuration, EventHubError, LoggerType};
use crate::reading::Reading;

pub(super) fn check(configuration: &Configuration, reading: &mut Reading<'_>) {
    let hubs = |logger: &&crate::model::Logger| logger.logger_type == LoggerType::AzureEventHub;
    for logger in configuration.loggers.values().filter(hubs) {
        let Err(error) = logger.event_hub(&configuration.named_values) else { continue };
        let written =
            logger.credentials.get("connectionString").or(logger.credentials.get("endpointAddress"));
        let place = written.map_or(logger.name.span, |written| written.span);
        if error == EventHubError::NoCredentials {
            // Extractors may leave secrets out.
            let help = "events for it are dropped until `credentials` has one of them";
            reading.warning("logger-without-credentials", place, error.to_string(), help);
            continue;
        }
        let help = "write `connectionString` like `Endpoint=sb://<namespace>.servicebus.windows.net/;SharedAccessKeyName=<name>;\
SharedAccessKey={{key}};EntityPath=<hub>`, or `name` and `endpointAddress`";
        reading.error("invalid-event-hub", place, error.to_string(), help);
    }
}
