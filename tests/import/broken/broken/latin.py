# Zutaten für die Küche
import requests
KUCHE = "küche"
