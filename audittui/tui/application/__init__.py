"""What the application does besides showing: one module a concept, composed by `AuditApp`."""
