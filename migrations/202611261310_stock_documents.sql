-- Stock documents: what moves goods in 入库, out 出库, from one warehouse to another 调拨, and what was counted 盘点.
CREATE TABLE stock_documents (
  id BIGINT PRIMARY KEY REFERENCES documents (id),
  warehouse_id BIGINT NOT NULL REFERENCES warehouses (id),
  -- Where a transfer goes.
  to_warehouse_id BIGINT REFERENCES warehouses (id)
);

-- The document that made a move. It moves a product in a warehouse once.
ALTER TABLE stock_moves ADD COLUMN document_id BIGINT REFERENCES documents (id);
CREATE UNIQUE INDEX stock_moves_of_document ON stock_moves (document_id, product_id, warehouse_id)
  WHERE document_id IS NOT NULL;

-- A stock document is taken back once.
CREATE UNIQUE INDEX documents_corrected_once ON documents (source_id)
  WHERE source_id IS NOT NULL AND kind IN ('goods_receipt', 'goods_issue', 'stock_transfer', 'stock_count');
