-- What the reader sees of each item reached.
SELECT item.id, type.key, item.name, item.criticality
  FROM cmdb_configurationitem item
  JOIN cmdb_citype type ON type.id = item.type_id
 WHERE item.id = ANY (%(ids)s)
