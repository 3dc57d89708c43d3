"""The application on a device: the same inference path over releases and facts that are fetched; answers offline."""
