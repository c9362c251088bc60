-- What `notify` has told: every event and channel, with the message that tells it, and when the service had accepted it.
-- grain: channel, event_key
-- since: 0.1
CREATE OR REPLACE VIEW v1.alerts AS
SELECT
    events.channel,
    events.event_key,
    events.kind,
    events.project_name,
    events.environment,
    events.job_name,
    events.unique_id,
    events.happened_at,
    events.told_at,
    events.message_id IS NULL AS is_suppressed,
    events.message_id,
    json_extract_string(messages.content, '$.title') AS title,
    messages.sent_at,
    messages.attempt_count,
    messages.error
FROM stored.alert_events AS events
LEFT JOIN stored.alert_messages AS messages ON messages.message_id = events.message_id;

COMMENT ON VIEW v1.alerts IS 'One row per channel and event that it was told. Events that are not told yet have no row.';
COMMENT ON COLUMN v1.alerts.channel IS 'The channel, as the configuration names it.';
COMMENT ON COLUMN v1.alerts.event_key IS 'The event: its kind, what it is about, and when it began.';
COMMENT ON COLUMN v1.alerts.kind IS 'failed, recovered, source_late, …: see docs/alerts.md.';
COMMENT ON COLUMN v1.alerts.unique_id IS 'The node, source or exposure; NULL for a job or run.';
COMMENT ON COLUMN v1.alerts.happened_at IS 'When it happened, UTC.';
COMMENT ON COLUMN v1.alerts.told_at IS 'When it was written into a message, or suppressed, UTC.';
COMMENT ON COLUMN v1.alerts.is_suppressed IS 'Whether no message tells it, because of alert_suppression_interval.';
COMMENT ON COLUMN v1.alerts.message_id IS 'The message that tells it. It tells other events, too, where they belong together.';
COMMENT ON COLUMN v1.alerts.title IS 'The title of the message; NULL once the message is pruned.';
COMMENT ON COLUMN v1.alerts.sent_at IS 'When the service had accepted the message, UTC; NULL while it has not, and once it is pruned.';
COMMENT ON COLUMN v1.alerts.attempt_count IS 'How many calls of `notify` began to send the message.';
COMMENT ON COLUMN v1.alerts.error IS 'Why the last attempt failed; NULL where it did not.';
