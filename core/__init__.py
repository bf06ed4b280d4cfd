"""The ground any process stands on: settings, clock, ids, errors, stores, security, logging. Knows no CRM noun."""
