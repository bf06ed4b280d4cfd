"""The providers' wire formats, one file each, behind the port `ai.provider.Provider`."""
