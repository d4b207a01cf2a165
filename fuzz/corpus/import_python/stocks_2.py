import json
import time

import requests
from kafka import KafkaProducer

SYMBOLS = ["AAPL", "MSFT"]
URL = "https://quotes.example.com/v2/quote/{}"

while True:
    for symbol in SYMBOLS:
        try:
            quote = requests.get(URL.format(symbol), headers={"X-API-Key": "0f9a7c1e55"}).json()
            producer = KafkaProducer(bootstrap_servers=["kafka1:9092"],
                                     value_serializer=lambda x: json.dumps(x).encode("utf8"))
            producer.send("quotes", {
                "symbol": symbol,
                "price": float(quote["latest"]["price"]),
                "change": "%s %%" % quote["latest"]["change"],
                "exchange": quote["exchange"] or "unknown",
            })
        except Exception as e:
            print("failed", e)
    time.sleep(15)
