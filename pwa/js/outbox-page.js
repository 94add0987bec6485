// outbox-page
