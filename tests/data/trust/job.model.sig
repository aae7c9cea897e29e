{
  "payloadType": "application/vnd.quixote.model-statement.v1+json",
  "payload": "eyJuYW1lIjogImpvYiIsICJ2ZXJzaW9uIjogOSwgInNoYTI1NiI6ICJkYjU4MzBiNmE5NmVlNGM1OTYwZDcyM2IyNWRmMDM2YzAxNDM2OTA2N2M3ZDA1OWJmNGQxZTAyMTgxZDU5MzZjIiwgImZvcm11bGEiOiAxLCAiZmllbGRzIjogInBvcnRhYmxlIiwgImRpZ2VzdCI6ICJzaGEyNTYiLCAibnNyZWYiOiAiaW5pdGlhbCIsICJzb3VyY2UiOiAiYWJjIiwgInJ1bnMiOiAxLCAiY29lZmZpY2llbnRzIjogMywgInByb2dyYW1zIjogMSwgImV2ZW50cyI6IDksICJvbmNlIjogMn0=",
  "signatures": [
    {"keyid": "092d977b3b3ecef1ac3caa5ec4e7714c2c9e5ede477998c219dba275fff45823", "sig": "2Gmheb1/FAizFL6NN0yDkW1Wch3tz++0LtBnMRdOUUEK2yOC1oJFK44nFlihslLT+NrAcNl73lZeApkYzufbBw=="},
    {"keyid": "b0c2d7d538caea2e57861bce04842c6d2a4ac52203cfda6077224cbbad506176", "sig": "q3F3fgzsoQ+9ShLRnBGedGl6A0qsYaXAY2ZH86ui/YENvSPSWtaEYoKsdqwf6ORgQGnNenZni+f1d2lJrjOpBA=="}
  ]
}
