-- One row for each number somebody exchanged messages with: the list of conversations and its unread counts
-- without looking through all messages. Kept in the transaction of the message.
CREATE TABLE sms_threads (
  id BIGINT PRIMARY KEY,
  digits TEXT NOT NULL UNIQUE,
  -- NULL while nobody knows whose number it is; then it belongs to the clerks.
  owner_id BIGINT REFERENCES users (id),
  customer_id BIGINT REFERENCES customers (id),
  last_at BIGINT NOT NULL,
  last_text TEXT NOT NULL,
  last_inbound BOOLEAN NOT NULL,
  unread BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX sms_threads_by_owner ON sms_threads (owner_id, last_at);
CREATE INDEX sms_threads_by_age ON sms_threads (last_at);
CREATE INDEX sms_threads_unread ON sms_threads (owner_id) WHERE unread > 0;

CREATE INDEX sms_messages_by_age ON sms_messages (created_at);
CREATE INDEX sms_messages_by_digits ON sms_messages (digits, id);
CREATE INDEX sms_inbox_by_digits ON sms_inbox (digits, id);
CREATE INDEX calls_by_digits ON calls (digits, id);
-- Calls that somebody still has to return.
CREATE INDEX calls_missed ON calls (owner_id) WHERE state = 'missed';

-- The service templates that the product itself sends; a company edits or switches them off.
INSERT INTO sms_templates (id, code, name, text, enabled, version, updated_at) VALUES
  (1, 'order_approved', '订单确认', '【{公司}】{称呼}您好，您的订单{单号}已确认，金额{金额}元，我们会尽快安排发货。', TRUE, 1, 0);
